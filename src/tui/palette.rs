//! The command palette: what was typed, and what it may mean.

use super::event::Knowledge;
use super::keys::{self, Action, Context};

/// The command palette.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// What it may mean.
    pub entries: Vec<Entry>,
    /// The chosen entry; `None` for the text itself.
    pub chosen: Option<usize>,
}

/// One entry of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Does something: its words and its key.
    Do(Action, &'static str, String),
    /// A word that the statement can go on with: the text it makes, the word, what it is.
    Type(String, String, String),
}

impl Palette {
    /// What `text` may mean: things to do whose words hold all of its words, then how the statement can go on.
    #[must_use]
    pub fn new(text: String, knowledge: &Knowledge) -> Self {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let mut entries: Vec<Entry> = Vec::new();
        let offered = keys::TABLE
            .iter()
            .filter(|b| {
                matches!(
                    b.context,
                    Context::Everywhere | Context::Results | Context::Map
                )
            })
            .filter(|b| b.words.len() > 8)
            .filter(|b| words.iter().all(|word| b.words.contains(word)));
        for binding in offered {
            let known = entries
                .iter()
                .any(|e| matches!(e, Entry::Do(a, ..) if *a == binding.action));
            if !known && !moves(binding.action) {
                let key = keys::name(binding.keys[0]);
                entries.push(Entry::Do(binding.action, binding.words, key));
            }
        }
        if !text.is_empty() {
            let (start, candidates) = knowledge.assist.complete(&text, text.len());
            entries.extend(candidates.into_iter().map(|c| {
                let whole = format!("{}{} ", text.get(..start).unwrap_or_default(), c.text);
                Entry::Type(whole, c.text, c.about)
            }));
        }
        Self {
            text,
            entries,
            chosen: None,
        }
    }

    /// Chooses the next entry or the one before; the text itself is between the last and the first.
    pub fn step(&mut self, forward: bool) {
        let count = self.entries.len();
        self.chosen = match (self.chosen, forward) {
            (None, true) => (count > 0).then_some(0),
            (None, false) => count.checked_sub(1),
            (Some(at), true) => (at + 1 < count).then_some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
    }
}

fn moves(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Up
            | A::Down
            | A::Left
            | A::Right
            | A::PageUp
            | A::PageDown
            | A::First
            | A::Last
            | A::Accept
            | A::Back
            | A::OpenPalette
    )
}
