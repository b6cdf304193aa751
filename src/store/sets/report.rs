//! What comes of adding images.

/// An image that can't be decoded. It keeps its row; decompositions skip it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its row.
    pub id: u32,
    /// Its path, or `set[row]`.
    pub image: String,
    /// What is wrong with it.
    pub why: String,
}

/// What was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddReport {
    /// Number of images, unreadable ones included.
    pub images: usize,
    /// The metadata columns that came with them.
    pub columns: Vec<String>,
    /// Images that can't be decoded.
    pub unreadable: Vec<Unreadable>,
    /// Things the user should know, a sentence each.
    pub notes: Vec<String>,
    /// Whether a set of that name was there before.
    pub replaced: bool,
}
