//! The room that a picture in characters has, and what arrives there.

/// What pictures are drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Columns that may be used.
    pub columns: usize,
    /// Whether colours arrive; otherwise brightness becomes characters.
    pub colored: bool,
    /// Only ASCII characters.
    pub ascii: bool,
}
