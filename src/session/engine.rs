//! A session as front ends know it.

use std::ops::Range;
use std::sync::Arc;

use super::assist;
use super::run::Run;
use super::session::Session;
use crate::interface::answer::Sink;
use crate::interface::engine::{Assist, Engine, Name, Source};
use crate::interface::failure::{Exit, Failure};
use crate::lang::error::Problem;
use crate::lang::{parse, script};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

impl Engine for Session {
    fn statements(&self, text: &str) -> Vec<Range<usize>> {
        script::split(text)
            .into_iter()
            .map(|span| span.range())
            .collect()
    }

    fn execute(
        &mut self,
        source: &Source,
        range: Range<usize>,
        sink: &mut dyn Sink,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<(), Failure> {
        let statement = parse::statement(&source.text[range.clone()], range.start)
            .map_err(|error| error.failure(&source.name, &source.text))?;
        let query = self
            .registry
            .resolve(&statement, &self.catalog, &self.settings);
        let query = query.map_err(|error| error.failure(&source.name, &source.text))?;
        let mut run = Run {
            script: source.name.clone(),
            sink,
            cancel,
            progress,
        };
        self.carry_out(query, &mut run)
            .map_err(|failure| in_source(failure, source, range))
    }

    fn assist(&self) -> Arc<dyn Assist> {
        Arc::new(assist::Helper::new(
            self.catalog.clone(),
            self.settings.clone(),
        ))
    }

    fn names(&self) -> Vec<Name> {
        assist::names(&self.catalog)
    }

    fn place(&self) -> String {
        let root = self.store.root();
        root.file_name()
            .unwrap_or(root.as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    fn facts(&self) -> Vec<[String; 3]> {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let models = count(self.catalog.models.len(), "model");
        let sets = count(self.catalog.sets.len(), "image set");
        vec![
            [
                "store".to_owned(),
                self.store.root().display().to_string(),
                "--store, VITSCOPE_STORE".to_owned(),
            ],
            ["models".to_owned(), models, "show models".to_owned()],
            ["images".to_owned(), sets, "show images".to_owned()],
        ]
    }
}

/// A failure of a statement that ran, with the statement as its place unless it has one of its own.
fn in_source(mut failure: Failure, source: &Source, range: Range<usize>) -> Failure {
    let diagnosis = &mut failure.diagnosis;
    if diagnosis.source_text.is_empty() && failure.exit != Exit::Success {
        if diagnosis.labels.is_empty() {
            diagnosis.labels = vec![(range, String::new())];
        }
        diagnosis.source_name.clone_from(&source.name);
        diagnosis.source_text.clone_from(&source.text);
    }
    failure
}
