//! The prompt: reads a query, runs it, comes back.
//!
//! On a terminal that can move the cursor, lines are edited with rustyline; on any other (`TERM=dumb`, stdout in a pipe)
//! they are read plainly, so that nothing ever waits for an answer that a terminal cannot give.

pub mod commands;
pub mod editor;
mod external;
pub mod history;
mod plain;
pub mod script;
mod session;

use std::path::PathBuf;

use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::{DefaultHistory, History as _, SearchDirection};

use self::editor::{Edited, Guide};
use self::plain::Plain;
use self::session::Session;
use crate::config::Config;
use crate::interface::engine::Engine;
use crate::interface::failure::Exit;
use crate::interface::source::Source;
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;
use crate::output::sgr::{Style, paint};
use crate::work::cancel::Cancel;

/// How the prompt behaves.
#[derive(Debug, Default)]
pub struct Manner {
    /// What it says at its start: `long`, `short`, `off`.
    pub banner: String,
    /// Whether its keys are those of vi.
    pub vi: bool,
    /// What was configured.
    pub config: Config,
    /// A script to run first.
    pub init: Option<Source>,
}

impl Manner {
    /// As configured; `quiet` says nothing at the start.
    #[must_use]
    pub fn of(config: &Config, quiet: bool, init: Option<Source>) -> Self {
        let banner = if quiet {
            Some("off")
        } else {
            config.value("banner")
        };
        Self {
            banner: banner.unwrap_or("long").to_owned(),
            vi: config.value("edit-mode") == Some("vi"),
            config: config.clone(),
            init,
        }
    }
}

/// What came from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Text(String),
    /// A text to go on with in an editor of its own.
    Edit(String),
    Interrupted,
    End,
}

/// Runs the prompt until Ctrl-D or `quit`.
pub fn run(
    engine: &mut dyn Engine,
    console: &mut Console,
    cancel: &Cancel,
    manner: &Manner,
) -> Exit {
    banner(engine, console, &manner.banner);
    let keyboard = Keyboard::open(engine, console, manner);
    Session::new(engine, console, cancel, keyboard, manner).run()
}

fn banner(engine: &dyn Engine, console: &mut Console, how: &str) {
    if how == "off" {
        return;
    }
    let version = env!("CARGO_PKG_VERSION");
    console.narrate(&format!("vitscope {version}, store {}", engine.place()));
    if how == "long" {
        console.whisper(
            "Ask with a sentence: rank heads for texture in MODEL. `help` lists more; Ctrl-D quits.",
        );
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

/// Reads queries: with an editor, or line by line.
enum Keyboard {
    Editor(Box<Editor<Guide, DefaultHistory>>, Option<PathBuf>),
    Plain(Plain),
}

impl Keyboard {
    fn open(engine: &dyn Engine, console: &mut Console, manner: &Manner) -> Self {
        let dumb = matches!(
            process_env("TERM").as_deref(),
            None | Some("" | "dumb" | "cons25" | "emacs")
        );
        if dumb || !console.look.is_terminal {
            return Self::Plain(Plain::default());
        }
        let history = history_file(console, manner.config.value("history"));
        let look = &console.look;
        match editor::open(
            engine.assist(),
            look.out_depth,
            look.ascii,
            history.as_deref(),
            manner.vi,
        ) {
            Ok(editor) => Self::Editor(Box::new(editor), history),
            Err(error) => {
                console.narrate(&format!("lines cannot be edited here: {error}"));
                Self::Plain(Plain::default())
            }
        }
    }

    fn read(&mut self, engine: &dyn Engine, console: &mut Console, failed: bool) -> Typed {
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
    fn recall(&self, count: usize) -> Vec<String> {
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
    fn remember(&mut self, text: &str, console: &mut Console) {
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
