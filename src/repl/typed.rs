//! What comes from the keyboard.

/// What came from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// A query or a command, which may have several lines.
    Text(String),
    /// A text to go on with in an editor of its own.
    Edit(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or no more to read.
    End,
}
