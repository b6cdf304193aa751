//! What the front ends ask of the engine: the one seam between the terminal and everything behind it.
//!
//! The command line and the prompt are written against these traits alone, so they can be tested with an engine of
//! twenty lines, and the engine can be used without a terminal.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::interface::answer::Sink;
use crate::interface::failure::{Exit, Failure, in_words};
use crate::kernels::device::Choice;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// A text that holds queries, and its name in error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A file name, `-c`, `stdin` or `prompt`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What a name in the catalog stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A model.
    Model,
    /// An image set.
    Images,
    /// A feature.
    Feature,
    /// A kept result.
    Result,
}

/// A name that queries can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What it stands for.
    pub kind: NameKind,
    /// The name as queries write it.
    pub name: String,
    /// What it is, in a few words: `6 layers, aligned to clip`.
    pub about: String,
}

impl Source {
    /// The text of a file.
    ///
    /// # Errors
    /// [`Exit::Usage`] when it can't be read, or is no text.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            let why = in_words(&error);
            Failure::new(Exit::Usage, format!("can't read {name}: {why}"))
        })?;
        Self::of_bytes(name, bytes)
    }

    /// The text that some bytes are.
    ///
    /// # Errors
    /// [`Exit::Usage`] when they are not UTF-8.
    pub fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self, Failure> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(Failure::new(
                Exit::Usage,
                format!(
                    "the script “{name}” is not UTF-8 text: byte {} is not part of a character",
                    error.utf8_error().valid_up_to()
                ),
            )),
        }
    }
}

/// Runs statements against a store. An engine may be handed to the thread that works with it.
pub trait Engine: Send {
    /// The byte ranges of the statements of a script, in order, comments and blank statements left out. Never fails: a
    /// text that does not parse is still cut at `;` and blank lines, and the error comes when the piece is executed.
    fn statements(&self, text: &str) -> Vec<Range<usize>>;

    /// Executes the statement at `range` of `source`; answers and changed settings go to `sink`.
    ///
    /// # Errors
    /// A [`Failure`] whose labels point into the whole of `source`.
    fn execute(
        &mut self,
        source: &Source,
        range: Range<usize>,
        sink: &mut dyn Sink,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<(), Failure>;

    /// What the prompt needs to help with typing, with the names known now.
    fn assist(&self) -> Arc<dyn Assist>;

    /// Every model, image set, feature and result there is now, kind by kind.
    fn names(&self) -> Vec<Name>;

    /// The store's name as the prompt shows it.
    fn place(&self) -> String;

    /// What `doctor` should say about the store: what it is, its value, why.
    fn facts(&self) -> Vec<[String; 3]>;
}

/// Helps with typing: pure functions of the text and a snapshot of the known names.
pub trait Assist: Send + Sync {
    /// Whether Enter should submit: false only where the text visibly goes on (an open quote or bracket, a clause
    /// without its object). A wrong text is complete; submitting it shows what is wrong.
    fn is_complete(&self, text: &str) -> bool;

    /// The parts of the text that have a role, in order, without overlaps. Never fails on half-typed text.
    fn highlight(&self, text: &str) -> Vec<(Range<usize>, Role)>;

    /// What may stand at byte offset `at`: where the replaced word begins, and the candidates.
    fn complete(&self, text: &str, at: usize) -> (usize, Vec<Candidate>);

    /// A few words on what comes next, shown in grey behind the cursor.
    fn hint(&self, text: &str) -> Option<String>;
}

/// What a piece of query text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A word of the language.
    Keyword,
    /// The name of a model, set, feature, column or unit.
    Name,
    /// A quoted text.
    Text,
    /// A number.
    Number,
    /// A comment.
    Comment,
    /// Something that cannot stand there.
    Wrong,
}

/// One way to go on typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text that is inserted.
    pub text: String,
    /// What it is, in a few words: `model, 12 layers`.
    pub about: String,
}

/// Opens engines for the command line.
pub trait Launch {
    /// Opens the store, `None` for the default place; models will run on `device`, and `read_only` refuses statements that
    /// change the store.
    ///
    /// # Errors
    /// A [`Failure`] with [`crate::interface::failure::Exit::Missing`] when there is no store and none can be made.
    fn open(
        &mut self,
        store: Option<&Path>,
        device: Choice,
        read_only: bool,
    ) -> Result<Box<dyn Engine>, Failure>;

    /// Opens the demo's store and gives its guided tour.
    ///
    /// # Errors
    /// As [`Launch::open`].
    fn demo(&mut self, device: Choice) -> Result<(Box<dyn Engine>, Source), Failure>;
}

/// An engine of a few words for tests of the front ends.
#[cfg(test)]
pub(crate) mod fake {
    use super::*;
    use std::io;

    /// `say X` answers X, `wrong` and `missing` fail with exit codes 1 and 3, `cancel` and `pipe` end the run. A
    /// statement ends at `;`.
    #[derive(Default)]
    pub(crate) struct Fake {
        /// The statements that were executed.
        pub(crate) executed: Vec<String>,
    }

    impl Engine for Fake {
        fn statements(&self, text: &str) -> Vec<Range<usize>> {
            let mut at = 0;
            let mut ranges = Vec::new();
            for piece in text.split(';') {
                let start = at + piece.len() - piece.trim_start().len();
                if !piece.trim().is_empty() {
                    ranges.push(start..start + piece.trim().len());
                }
                at += piece.len() + 1;
            }
            ranges
        }

        fn execute(
            &mut self,
            source: &Source,
            range: Range<usize>,
            sink: &mut dyn Sink,
            cancel: &Cancel,
            _: &dyn Progress,
        ) -> Result<(), Failure> {
            let text = &source.text[range.clone()];
            self.executed.push(text.to_owned());
            match text.split_once(' ').unwrap_or((text, "")) {
                ("say", words) => Ok(sink.text(words)?),
                ("cancel", _) => {
                    cancel.request();
                    Ok(cancel.check()?)
                }
                ("pipe", _) => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
                (word, _) => {
                    let exit = if word == "missing" {
                        Exit::Missing
                    } else {
                        Exit::Query
                    };
                    let mut failure = Failure::new(exit, format!("“{word}” cannot be done"));
                    failure.diagnosis.labels = vec![(range, "here".into())];
                    failure.diagnosis.source_name.clone_from(&source.name);
                    failure.diagnosis.source_text.clone_from(&source.text);
                    Err(failure)
                }
            }
        }

        fn assist(&self) -> Arc<dyn Assist> {
            Arc::new(FakeAssist)
        }

        fn names(&self) -> Vec<Name> {
            vec![Name {
                kind: NameKind::Model,
                name: "vit".into(),
                about: "a model of no layers".into(),
            }]
        }

        fn place(&self) -> String {
            "fake".into()
        }

        fn facts(&self) -> Vec<[String; 3]> {
            Vec::new()
        }
    }

    /// Complete unless a quote is open; `say` is the only keyword.
    pub(crate) struct FakeAssist;

    impl Assist for FakeAssist {
        fn is_complete(&self, text: &str) -> bool {
            text.matches('"').count().is_multiple_of(2)
        }

        fn highlight(&self, text: &str) -> Vec<(Range<usize>, Role)> {
            let found = text.find("say").map(|at| (at..at + 3, Role::Keyword));
            found.into_iter().collect()
        }

        fn complete(&self, text: &str, at: usize) -> (usize, Vec<Candidate>) {
            let start = text[..at].rfind(' ').map_or(0, |space| space + 1);
            let candidate = Candidate {
                text: "say".into(),
                about: "answers with words".into(),
            };
            let fits = candidate.text.starts_with(&text[start..at]);
            (start, fits.then_some(candidate).into_iter().collect())
        }

        fn hint(&self, text: &str) -> Option<String> {
            (text == "say ").then(|| "WORDS".into())
        }
    }
}
