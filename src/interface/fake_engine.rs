//! An engine of a few words for tests of the front ends.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::answer::Sink;
use super::assist::{Assist, Candidate, Role};
use super::engine::Engine;
use super::failure::{Exit, Failure};
use super::name::{Name, NameKind};
use super::source::Source;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// `say X` answers X, `wrong` and `missing` fail with exit codes 1 and 3, `cancel` and `pipe` end the run. A
/// statement ends at `;`.
#[derive(Default)]
pub(crate) struct FakeEngine {
    /// The statements that were executed.
    pub(crate) executed: Vec<String>,
}

impl Engine for FakeEngine {
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
