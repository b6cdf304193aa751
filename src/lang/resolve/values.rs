//! Single values: variables put in, texts that say something, numbers in range.

use super::names::{Names, Resolved};
use crate::lang::ast::{Slot, Value};
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::span::Span;
use crate::lang::suggest::nearest;

/// Whole numbers beyond this can't be told apart as they are written.
const LARGEST_COUNT: f64 = 9_007_199_254_740_992.0;

/// The error for a name that names nothing.
pub fn unknown(role: Role, name: String, known: Vec<String>, span: Span) -> ResolveError {
    ResolveError::Unknown {
        role,
        nearest: nearest(&name, known.iter().map(String::as_str)).map(str::to_owned),
        name,
        known,
        span,
    }
}

/// The error for a value of the wrong sort.
pub fn wrong(message: String, expected: &str, span: Span) -> ResolveError {
    ResolveError::WrongValue {
        message,
        expected: expected.to_owned(),
        span,
    }
}

impl Names<'_> {
    /// The value of a slot, its variable put in.
    pub fn value(&self, slot: &Slot) -> Resolved<Value> {
        let Value::Variable(name) = &slot.value else {
            return Ok(slot.value.clone());
        };
        let variables = &self.settings.variables;
        variables.get(name).cloned().ok_or_else(|| {
            let known = variables.keys().cloned().collect();
            unknown(Role::Variable, name.clone(), known, slot.span)
        })
    }

    /// A name.
    pub fn name(&self, slot: &Slot) -> Resolved<String> {
        match self.value(slot)? {
            Value::Word(word) | Value::Text(word) => Ok(word),
            other => Err(wrong(format!("{other} is no name"), "a name", slot.span)),
        }
    }

    /// A text that isn't empty.
    pub fn text(&self, slot: &Slot) -> Resolved<String> {
        let text = match self.value(slot)? {
            Value::Text(text) | Value::Word(text) => text,
            other => {
                let message = format!("{other} is no text");
                return Err(wrong(message, "a quoted text", slot.span));
            }
        };
        if text.trim().is_empty() {
            let message = "this text is empty".to_owned();
            return Err(wrong(message, "some words", slot.span));
        }
        Ok(text)
    }

    /// Texts that aren't empty.
    pub fn texts(&self, slots: &[Slot]) -> Resolved<Vec<String>> {
        slots.iter().map(|slot| self.text(slot)).collect()
    }

    /// A whole number from 0.
    fn whole(&self, slot: &Slot, least: f64) -> Resolved<u64> {
        let expected = format!("a whole number from {least}");
        match self.value(slot)? {
            Value::Number(n) if n.fract() == 0.0 && n >= least && n <= LARGEST_COUNT => {
                Ok(n as u64)
            }
            other => {
                let message = format!("{other} doesn't count anything");
                Err(wrong(message, &expected, slot.span))
            }
        }
    }

    /// A whole number from 1.
    pub fn count(&self, slot: &Slot) -> Resolved<usize> {
        Ok(self.whole(slot, 1.0)? as usize)
    }

    /// A row number, from 0.
    pub fn row(&self, slot: &Slot) -> Resolved<usize> {
        Ok(self.whole(slot, 0.0)? as usize)
    }

    /// The seed of a statement, or the session's.
    pub fn seed(&self, slot: Option<&Slot>) -> Resolved<Option<u64>> {
        let given = slot.map(|slot| self.whole(slot, 0.0)).transpose()?;
        Ok(given.or(self.settings.seed))
    }

    /// A weight such as lambda: a number that isn't negative.
    pub fn weight(&self, slot: &Slot) -> Resolved<f64> {
        match self.value(slot)? {
            Value::Number(number) if number >= 0.0 => Ok(number),
            other => {
                let message = format!("{other} can't weigh anything");
                Err(wrong(message, "a number from 0", slot.span))
            }
        }
    }
}
