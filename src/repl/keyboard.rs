//! Reads what is typed at the prompt, and keeps the history of it.

use std::path::PathBuf;

use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::{DefaultHistory, History as _, SearchDirection};

use super::editor::{self, Edited, Guide};
use super::history;
use super::options::Options;
use super::plain::Plain;
use super::typed::Typed;
use crate::interface::engine::Engine;
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;
use crate::output::sgr::{Style, paint};

/// Reads queries: with an editor, or line by line.
pub(super) enum Keyboard {
    Editor(Box<Editor<Guide, DefaultHistory>>, Option<PathBuf>),
    Plain(Plain),
}

impl Keyboard {
    /// An editor where the terminal can move its cursor.
    pub(super) fn open(engine: &dyn Engine, console: &mut Console, options: &Options) -> Self {
        let dumb = matches!(
            process_env("TERM").as_deref(),
            None | Some("" | "dumb" | "cons25" | "emacs")
        );
        if dumb || !console.look.is_terminal {
            return Self::Plain(Plain::default());
        }
        let history = history_file(console, options.config.value("history"));
        let look = &console.look;
        match editor::open(
            engine.assist(),
            look.out_depth,
            look.ascii,
            history.as_deref(),
            options.vi,
        ) {
            Ok(editor) => Self::Editor(Box::new(editor), history),
            Err(error) => {
                console.narrate(&format!("lines cannot be edited here: {error}"));
                Self::Plain(Plain::default())
            }
        }
    }

    /// The next thing typed; `failed` is whether the last query did.
    pub(super) fn read(
        &mut self,
        engine: &dyn Engine,
        console: &mut Console,
        failed: bool,
    ) -> Typed {
        let (raw, styled) = prompt(&engine.place(), failed, console.look.out_depth);
        match self {
            Self::Plain(plain) => plain.read(&raw, engine.assist().as_ref(), console),
            Self::Editor(editor, _) => {
                if let Some(guide) = editor.helper_mut() {
                    guide.assist = engine.assist();
                    guide.depth = console.look.out_depth;
                }
                // What was typed while the terminal was asked what it can show.
                let typed = console.look.take_typed();
                loop {
                    let prompt = (raw.as_str(), styled.as_str());
                    return match editor.readline_with_initial(&prompt, (&typed, "")) {
                        Ok(text) => Typed::Text(text),
                        Err(ReadlineError::Interrupted) => {
                            match editor.helper().and_then(Guide::edited) {
                                Some(Edited(text)) => Typed::Edit(text),
                                None => Typed::Interrupted,
                            }
                        }
                        Err(ReadlineError::Eof) => Typed::End,
                        Err(ReadlineError::Signal(_)) => continue,
                        Err(error) => {
                            console.narrate(&format!("the terminal went away: {error}"));
                            Typed::End
                        }
                    };
                }
            }
        }
    }

    /// The last `count` entries of the history, the oldest first.
    pub(super) fn recall(&self, count: usize) -> Vec<String> {
        let Self::Editor(editor, _) = self else {
            return Vec::new();
        };
        let history = editor.history();
        let first = history.len().saturating_sub(count);
        (first..history.len())
            .filter_map(|at| history.get(at, SearchDirection::Forward).ok().flatten())
            .map(|found| found.entry.into_owned())
            .collect()
    }

    /// Adds a whole entry, however many lines, to the history and its file.
    pub(super) fn remember(&mut self, text: &str, console: &mut Console) {
        let Self::Editor(editor, file) = self else {
            return;
        };
        let added = editor.add_history_entry(text.trim_end()).unwrap_or(false);
        let Some(path) = file.as_ref().filter(|_| added) else {
            return;
        };
        if let Err(error) = editor.append_history(path) {
            console.narrate(&format!("history is not kept: {}: {error}", path.display()));
            *file = None;
        }
    }
}

/// The history's file, made if it isn't there; says so when there can be none.
fn history_file(console: &mut Console, named: Option<&str>) -> Option<PathBuf> {
    let (path, _) = match history::path(named) {
        Ok(found) => found?,
        Err(error) => {
            console.narrate(&format!("history is not kept: {error}"));
            return None;
        }
    };
    match history::prepare(&path) {
        Ok(()) => Some(path),
        Err(error) => {
            let path = path.display();
            console.narrate(&format!("history is not kept: {path}: {error}"));
            None
        }
    }
}

/// The prompt's text: the store's name, and `!` after a failure.
fn prompt(place: &str, failed: bool, depth: Depth) -> (String, String) {
    let mark = if failed { "!" } else { "" };
    let raw = format!("{place}{mark}> ");
    let styled_mark = paint(mark, Style::Red, depth);
    let styled = format!("{}{styled_mark}> ", paint(place, Style::Bold, depth));
    (raw, styled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_shows_the_store_and_the_last_failure_at_the_same_width() {
        let (raw, styled) = prompt("demo", true, Depth::Ansi16);
        assert_eq!(raw, "demo!> ");
        let mut visible = styled;
        for code in ["\x1b[0m", "\x1b[1m", "\x1b[31m"] {
            visible = visible.replace(code, "");
        }
        assert_eq!(visible, raw);
        assert_eq!(prompt("demo", false, Depth::Never).1, "demo> ");
    }
}
