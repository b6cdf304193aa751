//! Runs whole texts of queries, from files, `-c`, a pipe or the prompt, one statement after the other.

use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::console::Console;
use crate::output::progress::Bar;
use crate::work::cancel::Cancel;

/// What a failed statement does to the ones after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OnError {
    /// Nothing after it runs.
    #[default]
    Stop,
    /// The rest runs; the exit code still says that something failed.
    Continue,
}

/// Runs texts and remembers how it went.
pub struct Runner<'a> {
    /// What executes statements.
    pub engine: &'a mut dyn Engine,
    /// Where answers and errors go.
    pub console: &'a mut Console,
    /// Stops the run.
    pub cancel: &'a Cancel,
    /// What a failure does.
    pub on_error: OnError,
    /// Whether every statement, with the comments before it, is shown before its answer.
    pub echo: bool,
    /// The statements that went well, in order.
    pub succeeded: Vec<String>,
}

/// How a text went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The exit of the first statement that failed, or success.
    pub exit: Exit,
    /// Whether whatever comes after this text should run too.
    pub goes_on: bool,
}

impl Runner<'_> {
    /// Runs the statements of `source` in order.
    pub fn run(&mut self, source: &Source) -> Outcome {
        let mut exit = Exit::Success;
        let mut shown = 0;
        for range in self.engine.statements(&source.text) {
            if is_farewell(&source.text[range.clone()]) {
                return Outcome {
                    exit,
                    goes_on: false,
                };
            }
            if self.echo {
                // What separates statements is no part of the next one.
                let separator = |c: char| c == ';' || c.is_whitespace();
                let text = source.text[shown..range.end].trim_start_matches(separator);
                shown = range.end;
                self.console.echo(text);
            }
            let Err(failure) = self.statement(source, range.clone()) else {
                self.succeeded.push(source.text[range].to_owned());
                continue;
            };
            self.console.failure(&failure);
            if exit == Exit::Success {
                exit = failure.exit;
            }
            let stops = matches!(failure.exit, Exit::Cancelled | Exit::Success);
            if stops || self.on_error == OnError::Stop {
                return Outcome {
                    exit,
                    goes_on: false,
                };
            }
        }
        Outcome {
            exit,
            goes_on: true,
        }
    }

    fn statement(&mut self, source: &Source, range: std::ops::Range<usize>) -> Result<(), Failure> {
        self.cancel.check()?;
        let bar = Bar::new(self.console.look.progress, self.console.look.ascii);
        self.engine
            .execute(source, range, self.console, self.cancel, &bar)
    }
}

/// Whether a text asks to end the session.
pub(crate) fn is_farewell(text: &str) -> bool {
    let word = text.trim().trim_end_matches(';').trim_end();
    ["quit", "exit", ".quit", ".exit", "\\q"]
        .iter()
        .any(|farewell| word.eq_ignore_ascii_case(farewell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::fake_engine::FakeEngine;
    use crate::output::settings::Look;
    use crate::output::test_streams::console;

    fn run(text: &str, on_error: OnError) -> (Outcome, String, String) {
        let mut engine = FakeEngine::default();
        let (mut console, out, err) = console(Look::plain());
        let mut runner = Runner {
            engine: &mut engine,
            console: &mut console,
            cancel: &Cancel::default(),
            on_error,
            echo: false,
            succeeded: Vec::new(),
        };
        let source = Source {
            name: "test.vq".into(),
            text: text.into(),
        };
        let outcome = runner.run(&source);
        (outcome, out.text(), err.text())
    }

    #[test]
    fn a_failure_stops_unless_told_to_continue_and_decides_the_exit_code() {
        let text = "say one; missing; wrong; say two";
        let (outcome, out, err) = run(text, OnError::Stop);
        assert_eq!(outcome.exit.code(), 3);
        assert!(!outcome.goes_on);
        assert!(out.contains("one") && !out.contains("two"));
        assert!(err.contains("test.vq:1:10"), "{err}");
        let (outcome, out, err) = run(text, OnError::Continue);
        assert_eq!(outcome.exit.code(), 3, "the first failure counts");
        assert!(outcome.goes_on && out.contains("two") && err.contains("test.vq:1:19"));
    }

    #[test]
    fn farewells_are_recognised_and_queries_are_not() {
        for text in ["quit", " EXIT ;", "\\q", ".quit\n"] {
            assert!(is_farewell(text), "{text}");
        }
        assert!(!is_farewell("quit now") && !is_farewell("show models"));
    }

    #[test]
    fn a_script_ends_where_it_says_so() {
        let (outcome, out, err) = run("say one; quit; say two", OnError::Stop);
        assert_eq!((outcome.exit.code(), outcome.goes_on), (0, false));
        assert!(out.contains("one") && !out.contains("two"), "{out}{err}");
    }

    #[test]
    fn a_reader_that_leaves_ends_the_run_without_a_word() {
        let (outcome, _, err) = run("pipe; say two", OnError::Continue);
        assert_eq!((outcome.exit.code(), outcome.goes_on), (0, false));
        assert_eq!(err, "");
    }

    #[test]
    fn cancelling_stops_even_a_run_that_continues() {
        let (outcome, out, err) = run("say one; cancel; say two", OnError::Continue);
        assert_eq!((outcome.exit.code(), outcome.goes_on), (130, false));
        assert!(out.contains("one") && !out.contains("two") && err.contains("cancelled"));
    }
}
