//! Literals as written, and the places they stand at.

use crate::lang::span::Spanned;

/// A literal as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `5`, `0.1`.
    Number(f64),
    /// `"rough texture"`.
    Text(String),
    /// A bare name, or one in backticks.
    Word(String),
    /// `$name`.
    Variable(String),
}

/// A place for a name, number or text: the grammar says which, and a variable may stand in for any.
pub type Slot = Spanned<Value>;
