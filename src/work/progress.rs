//! Telling how far long work has come, without knowing who listens.

/// Listens to long work. Terminals draw a bar, the TUI a gauge, tests nothing.
pub trait Progress: Sync {
    /// A stage begins: what is being done, in a few words, and how many steps it has.
    fn start(&self, what: &str, total: u64);
    /// `done` steps of the stage are complete, in all.
    fn advance(&self, done: u64);
    /// The stage is over.
    fn finish(&self);
    /// Something the user should read now, in one sentence.
    fn note(&self, sentence: &str);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
    fn note(&self, _: &str) {}
}
