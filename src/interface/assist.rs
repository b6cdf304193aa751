//! What the front ends ask for help with typing.

use std::ops::Range;

/// Helps with typing: pure functions of the text and a snapshot of the known names.
pub trait Assist: Send + Sync {
    /// Whether Enter should submit: false only where the text visibly goes on (an open quote or bracket, a clause
    /// without its object). A wrong text is complete; submitting it shows what is wrong.
    fn is_complete(&self, text: &str) -> bool;

    /// The parts of the text that have a role, in order, without overlaps. Never fails on half-typed text.
    fn highlight(&self, text: &str) -> Vec<(Range<usize>, Role)>;

    /// What may stand at byte offset `at`: where the replaced word begins, and the candidates.
    fn complete(&self, text: &str, at: usize) -> (usize, Vec<Candidate>);

    /// A few words on what comes next, shown in grey behind the cursor.
    fn hint(&self, text: &str) -> Option<String>;
}

/// What a piece of query text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A word of the language.
    Keyword,
    /// The name of a model, set, feature, column or unit.
    Name,
    /// A quoted text.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// Something that cannot stand there.
    Wrong,
}

/// One way to go on typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text that is inserted.
    pub text: String,
    /// What it is, in a few words: `model, 12 layers`.
    pub about: String,
}
