//! One sitting at the prompt: what is typed is a query, a dot command or a farewell.

use std::fs;

use super::commands::{self, Action, Command};
use super::doctor;
use super::external_editor;
use super::keyboard::Keyboard;
use super::options::Options;
use super::typed::Typed;
use crate::files::paths;
use crate::interface::answer::Sink;
use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure, in_words};
use crate::interface::source::Source;
use crate::output::answer_file::AnswerFile;
use crate::output::console::Console;
use crate::repl::script::{OnError, Runner, is_farewell};
use crate::work::cancel::Cancel;

/// How many entries `.history` lists unless told.
const RECALLED: usize = 20;

/// The prompt between its banner and its end.
pub(super) struct Session<'a> {
    engine: &'a mut dyn Engine,
    console: &'a mut Console,
    cancel: &'a Cancel,
    keyboard: Keyboard,
    options: &'a Options,
    /// The statements that went well, in order.
    succeeded: Vec<String>,
    /// The last query, right or wrong.
    last_query: String,
    /// Whether the last query or command did.
    failed: bool,
}

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Prompt,
    End,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        engine: &'a mut dyn Engine,
        console: &'a mut Console,
        cancel: &'a Cancel,
        keyboard: Keyboard,
        options: &'a Options,
    ) -> Self {
        Self {
            engine,
            console,
            cancel,
            keyboard,
            options,
            succeeded: Vec::new(),
            last_query: String::new(),
            failed: false,
        }
    }

    pub(super) fn run(mut self) -> Exit {
        if let Some(init) = &self.options.init
            && self.query(init.clone()) == After::End
        {
            return Exit::Success;
        }
        let mut interrupted = false;
        loop {
            let typed = self.keyboard.read(self.engine, self.console, self.failed);
            let again = std::mem::replace(&mut interrupted, typed == Typed::Interrupted);
            let after = match typed {
                Typed::Text(text) => self.typed(&text),
                Typed::Edit(text) => self.edit(&text),
                Typed::Interrupted if again => {
                    self.console.whisper("Ctrl-D to quit");
                    After::Prompt
                }
                Typed::Interrupted => After::Prompt,
                Typed::End => After::End,
            };
            if after == After::End {
                return Exit::Success;
            }
        }
    }

    fn typed(&mut self, text: &str) -> After {
        if text.trim().is_empty() {
            return After::Prompt;
        }
        if is_farewell(text) {
            return After::End;
        }
        self.keyboard.remember(text, self.console);
        if !commands::is_command(text) {
            text.trim_end().clone_into(&mut self.last_query);
            return self.query(Source {
                name: "prompt".into(),
                text: text.to_owned(),
            });
        }
        match commands::parse(text).and_then(|command| self.command(&command)) {
            Ok(after) => {
                self.failed = false;
                after
            }
            Err(failure) => {
                self.console.failure(&failure);
                self.failed = true;
                After::Prompt
            }
        }
    }

    /// Runs the statements of a text.
    fn query(&mut self, source: Source) -> After {
        self.cancel.reset();
        let mut runner = Runner {
            engine: self.engine,
            console: self.console,
            cancel: self.cancel,
            on_error: OnError::Stop,
            echo: false,
            succeeded: Vec::new(),
        };
        let outcome = runner.run(&source);
        let succeeded = runner.succeeded;
        if source.name == "prompt" {
            self.succeeded.extend(succeeded);
        }
        self.failed = outcome.exit != Exit::Success;
        // Without a failure: the last statement was a farewell, or the reader of stdout has gone.
        if outcome.goes_on || self.failed {
            After::Prompt
        } else {
            After::End
        }
    }

    fn command(&mut self, command: &Command) -> Result<After, Failure> {
        let argument = command.argument.as_str();
        match command.action {
            Action::Quit => return Ok(After::End),
            Action::Help => self.console.text(&commands::help(argument)?)?,
            Action::Timer => self.set("timer", argument)?,
            Action::Format => self.set("format", argument)?,
            Action::Pager => self.set("pager", argument)?,
            Action::Once => self.answers_to(argument, true)?,
            Action::Output => self.answers_to(argument, false)?,
            Action::Read => {
                let source = Source::read(&paths::expand(argument))?;
                return Ok(self.query(source));
            }
            Action::Save => self.save(argument)?,
            Action::Edit => {
                let text = if argument.is_empty() {
                    self.last_query.clone()
                } else {
                    argument.to_owned()
                };
                return Ok(self.edit(&text));
            }
            Action::History => {
                let count = argument.parse().unwrap_or(RECALLED);
                let entries = self.keyboard.recall(count).join("\n");
                self.console.text(&entries)?;
            }
            Action::Doctor => {
                let facts = self.engine.facts();
                doctor::report(self.console, &self.options.config, facts)?;
            }
        }
        Ok(After::Prompt)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let wrong = |sentence| Failure::new(Exit::Usage, sentence);
        self.console.set(name, value).map_err(wrong)
    }

    /// Sends answers to a file: the next one, or all; without a path, to the terminal again.
    fn answers_to(&mut self, path: &str, once: bool) -> Result<(), Failure> {
        self.console.answer_file = match path {
            "" => None,
            path => {
                let file = AnswerFile::create(&paths::expand(path), once);
                Some(file.map_err(|why| Failure::new(Exit::Usage, why))?)
            }
        };
        Ok(())
    }

    /// Writes what went well as a script that does it again.
    fn save(&mut self, path: &str) -> Result<(), Failure> {
        let path = paths::expand(path);
        let text = self
            .succeeded
            .iter()
            .fold(String::new(), |text, statement| {
                text + statement.trim_end() + ";\n"
            });
        fs::write(&path, text).map_err(|error| {
            let why = in_words(&error);
            Failure::new(
                Exit::Usage,
                format!("can't write {}: {why}", path.display()),
            )
        })?;
        let count = self.succeeded.len();
        let noun = if count == 1 {
            "statement"
        } else {
            "statements"
        };
        self.console
            .whisper(&format!("wrote {count} {noun} to {}", path.display()));
        Ok(())
    }

    /// Lets the user edit a text elsewhere and runs what comes back.
    fn edit(&mut self, text: &str) -> After {
        match external_editor::edit(text) {
            Ok(edited) if edited.trim().is_empty() => After::Prompt,
            Ok(edited) => {
                self.console.echo(edited.trim_end());
                self.typed(&edited)
            }
            Err(why) => {
                self.console.failure(&Failure::new(Exit::Usage, why));
                self.failed = true;
                After::Prompt
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::Plain;
    use super::*;
    use crate::interface::fake_engine::FakeEngine;
    use crate::output::settings::Look;
    use crate::output::test_streams::console;

    /// What a session says when these lines are typed.
    fn sitting(lines: &[&str]) -> (String, String, Vec<String>) {
        let mut engine = FakeEngine::default();
        let (mut console, out, err) = console(Look::plain());
        let options = Options::default();
        let keyboard = Keyboard::Plain(Plain::default());
        let cancel = Cancel::default();
        let mut session = Session::new(&mut engine, &mut console, &cancel, keyboard, &options);
        for line in lines {
            if session.typed(line) == After::End {
                break;
            }
        }
        (out.text(), err.text(), engine.executed)
    }

    #[test]
    fn what_went_well_is_saved_as_a_script() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.vq");
        let save = format!(".save '{}'", path.display());
        let (_, err, _) = sitting(&["say one", "wrong", "say two; say three", &save]);
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "say one;\nsay two;\nsay three;\n"
        );
        assert!(err.contains("wrote 3 statements"), "{err}");
        let (out, ..) = sitting(&[&format!(".read {}", path.display())]);
        assert_eq!(out, "one\ntwo\nthree\n");
    }

    #[test]
    fn commands_change_the_look_and_unknown_ones_point_to_help() {
        let (out, err, executed) =
            sitting(&[".format json", "say x", ".nonsense", ".quit", "say y"]);
        assert!(out.contains(r#"[{"text":"x"}]"#), "{out}");
        assert!(err.contains(".help"), "{err}");
        assert_eq!(executed, ["say x"], "`.quit` ends the session");
    }
}
