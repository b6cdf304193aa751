//! A line of the table of keys.

use crossterm::event::{KeyCode, KeyModifiers};

use super::action::Action;
use super::context::Context;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What they do.
    pub action: Action,
    /// The same in a few words, for the help and the palette.
    pub words: &'static str,
    /// One word for the status line; empty where there is no need for a hint.
    pub hint: &'static str,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub KeyCode, pub KeyModifiers);

/// A key as it is written on keyboards.
#[must_use]
pub fn name(key: Key) -> String {
    let word = match key.0 {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(n) => format!("F{n}"),
        KeyCode::Up => "↑".to_owned(),
        KeyCode::Down => "↓".to_owned(),
        KeyCode::Left => "←".to_owned(),
        KeyCode::Right => "→".to_owned(),
        KeyCode::BackTab => "Shift-Tab".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        other => format!("{other:?}"),
    };
    match key.1 {
        KeyModifiers::CONTROL => format!("Ctrl-{}", word.to_uppercase()),
        KeyModifiers::ALT => format!("Alt-{word}"),
        _ => word,
    }
}
