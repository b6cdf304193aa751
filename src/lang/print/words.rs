//! Names, values and lists, as the language writes them.

use std::fmt::{self, Display, Formatter};

use crate::lang::ast::{Slot, Value};
use crate::lang::expect;
use crate::lang::lex::word_length;
use crate::lang::span::Spanned;

impl<T: Display> Display for Spanned<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&quote(text)),
            Self::Word(word) => f.write_str(&name(word)),
            Self::Variable(word) => write!(f, "${word}"),
        }
    }
}

/// A string as the language writes it.
fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A name as the language writes it: bare where it can be, else in backticks.
#[must_use]
pub fn name(word: &str) -> String {
    if is_bare(word) && !expect::is_reserved(word) {
        word.to_owned()
    } else {
        format!("`{word}`")
    }
}

fn is_bare(word: &str) -> bool {
    !word.is_empty() && word_length(word) == word.len()
}

/// A value where reserved words may stand too.
pub(super) fn unreserved(slot: &Slot) -> String {
    match &slot.value {
        Value::Word(word) if is_bare(word) => word.clone(),
        other => other.to_string(),
    }
}

/// Writes items with `, ` between them.
pub(super) fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// Writes ` WORD item` if there is an item.
pub(super) fn clause<T: Display>(
    f: &mut Formatter<'_>,
    word: &str,
    item: Option<&T>,
) -> fmt::Result {
    item.map_or(Ok(()), |item| write!(f, " {word} {item}"))
}

/// Writes ` WORD` if `said`.
pub(super) fn flag(f: &mut Formatter<'_>, word: &str, said: bool) -> fmt::Result {
    if said { write!(f, " {word}") } else { Ok(()) }
}
