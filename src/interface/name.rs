//! The names that queries can use, and what they stand for.

/// What a name in the catalog stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A model.
    Model,
    /// An image set.
    Images,
    /// A feature.
    Feature,
    /// A kept result.
    Result,
}

/// A name that queries can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What it stands for.
    pub kind: NameKind,
    /// The name as queries write it.
    pub name: String,
    /// What it is, in a few words: `6 layers, aligned to clip`.
    pub about: String,
}
