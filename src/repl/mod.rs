//! The prompt: reads a query, runs it, comes back.
//!
//! On a terminal that can move the cursor, lines are edited with rustyline; on any other (`TERM=dumb`, stdout in a pipe)
//! they are read plainly, so that nothing ever waits for an answer that a terminal cannot give.

pub mod editor;
pub mod history;
mod plain;

use std::path::PathBuf;

use rustyline::Editor;
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;

use self::editor::Guide;
use self::plain::Plain;
use crate::cancel::Cancel;
use crate::failure::Exit;
use crate::front::{Engine, Source};
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;
use crate::output::sgr::{Style, paint};
use crate::script::{OnError, Runner, is_farewell};

/// What came from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Text(String),
    Interrupted,
    End,
}

/// Runs the prompt until Ctrl-D or `quit`. `quiet` leaves out the banner.
pub fn run(engine: &mut dyn Engine, console: &mut Console, cancel: &Cancel, quiet: bool) -> Exit {
    if !quiet {
        banner(engine, console);
    }
    let mut keyboard = Keyboard::open(engine, console);
    let mut failed = false;
    let mut interrupted = false;
    loop {
        let text = match keyboard.read(engine, console, failed) {
            Typed::Text(text) => text,
            Typed::Interrupted if interrupted => {
                console.whisper("Ctrl-D to quit");
                continue;
            }
            Typed::Interrupted => {
                interrupted = true;
                continue;
            }
            Typed::End => return Exit::Success,
        };
        interrupted = false;
        if text.trim().is_empty() {
            continue;
        }
        if is_farewell(&text) {
            return Exit::Success;
        }
        cancel.reset();
        let outcome = Runner {
            engine,
            console,
            cancel,
            on_error: OnError::Stop,
            echo: false,
        }
        .run(&Source {
            name: "prompt".into(),
            text: text.clone(),
        });
        keyboard.remember(&text, console);
        failed = outcome.exit != Exit::Success;
        if !outcome.goes_on && !failed {
            // The last statement was a farewell, or the reader of stdout has gone.
            return Exit::Success;
        }
    }
}

fn banner(engine: &dyn Engine, console: &mut Console) {
    let version = env!("CARGO_PKG_VERSION");
    console.narrate(&format!("vitscope {version}, store {}", engine.place()));
    console.whisper(
        "Ask with a sentence: rank heads for texture in MODEL. `help` lists more; Ctrl-D quits.",
    );
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
    fn open(engine: &dyn Engine, console: &mut Console) -> Self {
        let dumb = matches!(
            process_env("TERM").as_deref(),
            None | Some("" | "dumb" | "cons25" | "emacs")
        );
        if dumb || !console.look.is_terminal {
            return Self::Plain(Plain::default());
        }
        let history = match history::path(&process_env) {
            Ok((path, _)) => match history::prepare(&path) {
                Ok(()) => Some(path),
                Err(error) => {
                    let path = path.display();
                    console.narrate(&format!("history is not kept: {path}: {error}"));
                    None
                }
            },
            Err(error) => {
                console.narrate(&format!("history is not kept: {error}"));
                None
            }
        };
        let look = &console.look;
        match editor::open(
            engine.assist(),
            look.out_depth,
            look.ascii,
            history.as_deref(),
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
                loop {
                    return match editor.readline(&(raw.as_str(), styled.as_str())) {
                        Ok(text) => Typed::Text(text),
                        Err(ReadlineError::Interrupted) => Typed::Interrupted,
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
