//! The query editor: text, completions, and the walk through earlier queries.

use ratatui_textarea::{CursorMove, Input, TextArea};

use crate::interface::assist::{Assist, Candidate};

/// The query being written.
#[derive(Clone, Debug, Default)]
pub struct Editor {
    area: TextArea<'static>,
    /// The completions that are offered.
    pub popup: Option<Popup>,
    /// Earlier queries, oldest first.
    pub history: Vec<String>,
    walk: Option<Walk>,
}

/// Completions under the cursor.
#[derive(Clone, Debug)]
pub struct Popup {
    /// Where the replaced word begins, in bytes of the text.
    pub start: usize,
    /// What may stand there.
    pub candidates: Vec<Candidate>,
    /// The chosen one.
    pub chosen: usize,
}

/// A walk through the history.
#[derive(Clone, Debug)]
struct Walk {
    /// The place in the history.
    at: usize,
    /// What was typed before.
    typed: String,
}

impl Editor {
    /// An empty query with this history, oldest first.
    #[must_use]
    pub fn new(history: Vec<String>) -> Self {
        Self {
            history,
            ..Self::default()
        }
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Line and character of the cursor.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// The byte of the text that the cursor is before.
    #[must_use]
    pub fn offset(&self) -> usize {
        let (row, column) = self.cursor();
        let lines = self.area.lines();
        let before: usize = lines[..row].iter().map(|line| line.len() + 1).sum();
        let in_line: usize = lines[row].chars().take(column).map(char::len_utf8).sum();
        before + in_line
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Replaces the whole text; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.area.insert_str(text);
        self.popup = None;
    }

    /// Puts text at the cursor.
    pub fn insert(&mut self, text: &str) {
        self.walk = None;
        self.area.insert_str(text);
    }

    /// Puts a name at the cursor, with a blank before it where a word would run into it.
    pub fn insert_name(&mut self, name: &str) {
        let before = self.text()[..self.offset()].chars().next_back();
        let glued = before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ',');
        self.insert(&format!("{}{name} ", if glued { " " } else { "" }));
    }

    /// Begins a line.
    pub fn new_line(&mut self) {
        self.area.insert_newline();
    }

    /// Any key without a binding of ours: typing, moving, undo.
    pub fn press(&mut self, input: Input, assist: &dyn Assist) {
        if self.area.input(input) {
            self.walk = None;
            if self.popup.is_some() {
                self.offer(assist);
            }
        } else {
            self.popup = None;
        }
    }

    /// Opens the completions of the place; a single one is taken at once.
    pub fn complete(&mut self, assist: &dyn Assist) {
        self.offer(assist);
        if self.popup.as_ref().is_some_and(|p| p.candidates.len() == 1) {
            self.take();
        }
    }

    fn offer(&mut self, assist: &dyn Assist) {
        let (start, candidates) = assist.complete(&self.text(), self.offset());
        self.popup = (!candidates.is_empty()).then_some(Popup {
            start,
            candidates,
            chosen: 0,
        });
    }

    /// Puts the chosen completion in place of the word.
    pub fn take(&mut self) {
        let Some(popup) = self.popup.take() else {
            return;
        };
        let (text, offset) = (self.text(), self.offset());
        let word = text.get(popup.start..offset).unwrap_or_default();
        for _ in word.chars() {
            self.area.delete_char();
        }
        let chosen = &popup.candidates[popup.chosen];
        let goes_on = text[offset..].starts_with(char::is_whitespace);
        let blank = if goes_on || chosen.text.ends_with(' ') {
            ""
        } else {
            " "
        };
        self.insert(&format!("{}{blank}", chosen.text));
    }

    /// One line up or, on the first, one query back in the history.
    pub fn up(&mut self) {
        let first = self.cursor().0 == 0;
        if first {
            self.back()
        } else {
            self.area.move_cursor(CursorMove::Up)
        }
    }

    /// One line down or, on the last, one query forth in the history.
    pub fn down(&mut self) {
        let last = self.cursor().0 + 1 == self.area.lines().len();
        if last {
            self.forth()
        } else {
            self.area.move_cursor(CursorMove::Down)
        }
    }

    /// The query before, among those that begin with what was typed.
    fn back(&mut self) {
        let walk = self.walk.take().unwrap_or_else(|| Walk {
            at: self.history.len(),
            typed: self.text(),
        });
        let earlier = self.history[..walk.at]
            .iter()
            .rposition(|query| query.starts_with(&walk.typed));
        let at = earlier.unwrap_or(walk.at);
        if let Some(query) = self.history.get(at).cloned() {
            self.set(&query);
        }
        self.walk = Some(Walk { at, ..walk });
    }

    fn forth(&mut self) {
        let Some(walk) = self.walk.take() else {
            return;
        };
        let next = walk.at + 1;
        let later = self.history.get(next..).and_then(|rest| {
            let found = rest.iter().position(|query| query.starts_with(&walk.typed));
            found.map(|at| at + next)
        });
        match later {
            Some(at) => {
                self.set(&self.history[at].clone());
                self.walk = Some(Walk { at, ..walk });
            }
            None => self.set(&walk.typed),
        }
    }

    /// Takes the text out, into the history, for it to be run.
    pub fn submit(&mut self) -> String {
        let text = self.text();
        let entry = text.trim_end();
        if self.history.last().map(String::as_str) != Some(entry) {
            self.history.push(entry.to_owned());
        }
        self.walk = None;
        self.set("");
        text
    }
}

impl Popup {
    /// Chooses the next completion, or the one before; around at the ends.
    pub fn step(&mut self, forward: bool) {
        let count = self.candidates.len();
        self.chosen = (self.chosen + if forward { 1 } else { count - 1 }) % count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::fake_engine::FakeAssist;

    #[test]
    fn a_word_is_completed_where_the_cursor_is() {
        let mut editor = Editor::default();
        editor.set("é\nx sa");
        assert_eq!(editor.offset(), 7);
        editor.complete(&FakeAssist);
        assert_eq!(editor.text(), "é\nx say ");
    }

    #[test]
    fn history_goes_back_among_queries_with_the_same_start_and_returns() {
        let mut editor = Editor::new(vec!["show models".into(), "rank a".into(), "rank b".into()]);
        editor.set("sh");
        editor.up();
        assert_eq!(editor.text(), "show models");
        editor.up();
        assert_eq!(editor.text(), "show models", "the oldest stays");
        editor.down();
        assert_eq!(editor.text(), "sh");
        editor.set("");
        editor.up();
        editor.up();
        assert_eq!(editor.text(), "rank a");
        editor.down();
        assert_eq!(editor.text(), "rank b");
    }

    #[test]
    fn names_keep_a_distance() {
        let mut editor = Editor::default();
        editor.set("rank heads in");
        editor.insert_name("vit");
        assert_eq!(editor.text(), "rank heads in vit ");
    }
}
