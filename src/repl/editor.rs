//! The line editor: rustyline told what our language is. Nothing here decides anything about queries.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair};
use rustyline::config::Configurer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, EditMode, Editor,
    Event, EventContext, EventHandler, Helper, KeyCode, KeyEvent, Modifiers, RepeatCount, Result,
};

use super::commands;
use crate::interface::assist::{Assist, Role};
use crate::output::color::Depth;
use crate::output::sgr::{Style, paint};
use crate::output::width::width;

/// Shown in grey on an empty line.
const EMPTY_LINE_HINT: &str = "help · .help · Ctrl-D to quit";
const EMPTY_LINE_HINT_ASCII: &str = "help - .help - Ctrl-D to quit";

/// An editor with our keys, colours and history.
///
/// # Errors
/// When the terminal cannot be driven.
pub fn open(
    assist: Arc<dyn Assist>,
    depth: Depth,
    ascii: bool,
    history: Option<&Path>,
    vi: bool,
) -> Result<Editor<Guide, DefaultHistory>> {
    let config = Config::builder()
        .max_history_size(10_000)?
        .history_ignore_space(true)
        .auto_add_history(false)
        .edit_mode(if vi { EditMode::Vi } else { EditMode::Emacs })
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .color_mode(if depth == Depth::Never {
            ColorMode::Disabled
        } else {
            ColorMode::Forced
        })
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_max_history_size(10_000)?;
    let edited = Arc::new(Mutex::new(None));
    editor.set_helper(Some(Guide {
        assist,
        depth,
        ascii,
        edited: Arc::clone(&edited),
    }));
    let key = |code, modifiers| Event::from(KeyEvent(code, modifiers));
    editor.bind_sequence(key(KeyCode::Enter, Modifiers::ALT), Cmd::Newline);
    let ctrl = |letter| KeyEvent(KeyCode::Char(letter), Modifiers::CTRL);
    let elsewhere = EventHandler::Conditional(Box::new(Elsewhere(edited)));
    editor.bind_sequence(Event::KeySeq(vec![ctrl('X'), ctrl('E')]), elsewhere);
    let browsing = Arc::new(AtomicBool::new(false));
    for (code, back) in [(KeyCode::Up, true), (KeyCode::Down, false)] {
        let browsing = Arc::clone(&browsing);
        let arrow = EventHandler::Conditional(Box::new(Arrow { back, browsing }));
        editor.bind_sequence(key(code, Modifiers::NONE), arrow);
    }
    let other = EventHandler::Conditional(Box::new(OtherKey(browsing)));
    editor.bind_sequence(Event::Any, other);
    if let Some(path) = history {
        // A history that cannot be read is an empty one; saving says so if it stays that way.
        let _ = editor.load_history(path);
    }
    Ok(editor)
}

/// Up and Down: within a text of several lines they move; from an empty line they walk through all earlier queries; after
/// some typing they look for earlier queries with the same start.
struct Arrow {
    back: bool,
    /// Whether the walk began on an empty line; every other key ends it.
    browsing: Arc<AtomicBool>,
}

impl ConditionalEventHandler for Arrow {
    fn handle(&self, _: &Event, n: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let line = context.line();
        if line.is_empty() {
            self.browsing.store(true, Ordering::Relaxed);
        }
        let walks = line.contains('\n') || self.browsing.load(Ordering::Relaxed);
        Some(match (walks, self.back) {
            (true, true) => Cmd::LineUpOrPreviousHistory(n),
            (true, false) => Cmd::LineDownOrNextHistory(n),
            (false, true) => Cmd::HistorySearchBackward,
            (false, false) => Cmd::HistorySearchForward,
        })
    }
}

/// The text of a line that is to be edited elsewhere.
pub struct Edited(pub String);

/// Ctrl-X Ctrl-E: leaves the line, and its text for the editor that the user prefers.
struct Elsewhere(Arc<Mutex<Option<Edited>>>);

impl ConditionalEventHandler for Elsewhere {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext) -> Option<Cmd> {
        let mut edited = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *edited = Some(Edited(context.line().to_owned()));
        Some(Cmd::Interrupt)
    }
}

/// Any key without a binding of ours: ends a walk through the history, and does what it always does.
struct OtherKey(Arc<AtomicBool>);

impl ConditionalEventHandler for OtherKey {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext) -> Option<Cmd> {
        self.0.store(false, Ordering::Relaxed);
        None
    }
}

/// Answers the editor's questions from the language and the names known now.
pub struct Guide {
    /// The language; replaced before every line, as names come and go.
    pub assist: Arc<dyn Assist>,
    /// Colours; replaced with the setting.
    pub depth: Depth,
    ascii: bool,
    edited: Arc<Mutex<Option<Edited>>>,
}

impl Guide {
    /// The line that Ctrl-X Ctrl-E left, once.
    pub fn edited(&self) -> Option<Edited> {
        let mut edited = self.edited.lock().unwrap_or_else(PoisonError::into_inner);
        edited.take()
    }
}

impl Helper for Guide {}

impl Validator for Guide {
    /// Never `Invalid`: that would lock the user into the line. Wrong text is submitted, and the error shows where. An
    /// empty last line always submits.
    fn validate(&self, context: &mut ValidationContext) -> Result<ValidationResult> {
        let text = context.input();
        let submits = text.trim().is_empty() || text.ends_with('\n') || commands::is_command(text);
        Ok(if submits || self.assist.is_complete(text) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Completer for Guide {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let (start, candidates) = if commands::is_command(line) {
            commands::complete(line, at)
        } else {
            self.assist.complete(line, at)
        };
        let widest = candidates.iter().map(|c| width(&c.text)).max().unwrap_or(0);
        let pairs = candidates
            .into_iter()
            .map(|candidate| {
                let gap = " ".repeat(widest - width(&candidate.text) + 2);
                let display = format!("{}{gap}{}", candidate.text, candidate.about);
                Pair {
                    display: display.trim_end().to_owned(),
                    replacement: candidate.text,
                }
            })
            .collect();
        Ok((start, pairs))
    }
}

/// Grey words behind the cursor that no key inserts: they say what comes, they are not it.
pub struct Ghost(String);

impl Hint for Ghost {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Guide {
    type Hint = Ghost;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Ghost> {
        if line.is_empty() {
            let words = if self.ascii {
                EMPTY_LINE_HINT_ASCII
            } else {
                EMPTY_LINE_HINT
            };
            return Some(Ghost(words.into()));
        }
        let hint = || match commands::is_command(line) {
            true => commands::hint(line),
            false => self.assist.hint(line),
        };
        (at == line.len()).then(hint).flatten().map(Ghost)
    }
}

impl Highlighter for Guide {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let roles = if commands::is_command(line) {
            commands::highlight(line)
        } else {
            self.assist.highlight(line)
        };
        colored(line, &roles, self.depth)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(paint(hint, Style::Dim, self.depth))
    }

    /// Every edit may change the roles of words; moving the cursor does not.
    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

/// `text` with the style of each role; ranges that are out of order or cut a letter are left plain.
fn colored<'l>(
    text: &'l str,
    roles: &[(std::ops::Range<usize>, Role)],
    depth: Depth,
) -> Cow<'l, str> {
    if depth == Depth::Never || roles.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut done = 0;
    for (range, role) in roles {
        let (Some(before), Some(part)) = (text.get(done..range.start), text.get(range.clone()))
        else {
            continue;
        };
        let style = match role {
            Role::Keyword => Style::Blue,
            Role::Name => Style::Cyan,
            Role::Text => Style::Green,
            Role::Number => Style::Magenta,
            Role::Comment => Style::Dim,
            Role::Wrong => Style::Red,
        };
        out.push_str(before);
        out.push_str(&paint(part, style, depth));
        done = range.end;
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::fake_engine::FakeAssist;

    #[test]
    fn colours_change_no_character_and_wrong_ranges_no_text() {
        let roles = [
            (0..3, Role::Keyword),
            (1..2, Role::Name),
            (4..6, Role::Wrong),
            (90..99, Role::Text),
        ];
        let text = "say é x";
        let out = colored(text, &roles, Depth::Ansi16);
        assert_eq!(out, "\x1b[34msay\x1b[0m \x1b[31mé\x1b[0m x");
        assert_eq!(colored(text, &roles, Depth::Never), text);
    }

    #[test]
    fn an_empty_line_offers_help_and_hints_stand_only_at_the_end() {
        let guide = Guide {
            assist: Arc::new(FakeAssist),
            depth: Depth::Never,
            ascii: true,
            edited: Arc::default(),
        };
        let history = DefaultHistory::new();
        let context = Context::new(&history);
        let hint = |line: &str, at| Hinter::hint(&guide, line, at, &context).map(|h| h.0);
        assert_eq!(hint("", 0).unwrap(), EMPTY_LINE_HINT_ASCII);
        assert_eq!(hint("say ", 4).unwrap(), "WORDS");
        assert_eq!(hint("say ", 2), None);
        let (start, pairs) = guide.complete("x sa", 4, &context).unwrap();
        assert_eq!((start, pairs[0].replacement.as_str()), (2, "say"));
        assert_eq!(pairs[0].display, "say  answers with words");
    }
}
