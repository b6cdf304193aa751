//! How a session carries out a statement: planned, run, its answer piped on, kept and handed out.

use std::path::Path;
use std::time::Instant;

use super::session::Session;
use crate::desk::statement::{Effect, Outcome, Task};
use crate::desk::tables::stages;
use crate::desk::{Around, Desk, Shelf};
use crate::interface::answer::{Answer, Sink};
use crate::interface::engine::{Engine, Source};
use crate::interface::failure::{Exit, Failure};
use crate::lang::query::Stage;
use crate::statements::explain::explain;
use crate::statements::{Act, Query};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// How deep scripts may run scripts.
const DEPTH: usize = 16;

/// What a statement is run with.
pub(super) struct Run<'a> {
    /// The source of the statement: files to run are named as seen from there.
    pub script: String,
    pub sink: &'a mut dyn Sink,
    pub cancel: &'a Cancel,
    pub progress: &'a dyn Progress,
}

impl Session {
    fn shelf(&self) -> Shelf<'_> {
        Shelf {
            store: &self.store,
            open: &self.open,
            catalog: &self.catalog,
            results: &self.results,
        }
    }

    /// Carries out a query.
    pub(super) fn carry_out(&mut self, query: Query, run: &mut Run<'_>) -> Result<(), Failure> {
        let task = match query.act {
            Act::Do(task) => task,
            Act::Explain(inner) => {
                query.notes.iter().for_each(|note| run.progress.note(note));
                let plan = explain(*inner, self.shelf(), run.cancel)?;
                return Ok(run.sink.text(&plan)?);
            }
        };
        let effect = task.effect();
        if self.store.is_read_only() && effect == Effect::Store {
            let refused = "the store is open for reading only, and this statement would change it";
            return Err(Failure::new(Exit::Query, refused)
                .with_help("start vitscope without --read-only to change the store"));
        }
        let started = Instant::now();
        query.notes.iter().for_each(|note| run.progress.note(note));
        let outcome = self.perform(task, &query.stages, query.into.is_some(), started, run);
        if effect != Effect::Nothing {
            // Also after a failure: of several things, some may have been done.
            let stock = self.take_stock();
            if outcome.is_ok() {
                stock?;
            }
        }
        match outcome? {
            Outcome::Words(text) => Ok(run.sink.text(&text)?),
            Outcome::Final(mut answer) => {
                answer.elapsed = started.elapsed();
                Ok(run.sink.answer(&answer)?)
            }
            Outcome::Script(path) => {
                self.run_script(&path, run)?;
                self.hand_out(
                    Answer::default(),
                    &query.stages,
                    query.into.as_deref(),
                    started,
                    run,
                )
            }
            Outcome::Answer(answer) => {
                self.hand_out(answer, &query.stages, query.into.as_deref(), started, run)
            }
        }
    }

    /// Plans a task and runs the plan.
    fn perform(
        &mut self,
        task: Box<dyn Task>,
        stages: &[Stage],
        named: bool,
        started: Instant,
        run: &mut Run<'_>,
    ) -> Result<Outcome, Failure> {
        let shelf = Shelf {
            store: &self.store,
            open: &self.open,
            catalog: &self.catalog,
            results: &self.results,
        };
        let prepared = task.prepare(shelf, stages, named, run.cancel)?;
        let around = Around {
            settings: &mut self.settings,
            sink: run.sink,
            script: &run.script,
            cancel: run.cancel,
            progress: run.progress,
            started,
            memory: self.memory,
        };
        let mut desk = Desk::new(shelf, &mut self.models, around);
        Ok(prepared.run(&mut desk)?)
    }

    /// Pipes an answer through its stages, keeps it and hands it out.
    fn hand_out(
        &mut self,
        mut answer: Answer,
        stages: &[Stage],
        into: Option<&str>,
        started: Instant,
        run: &mut Run<'_>,
    ) -> Result<(), Failure> {
        answer.frame = stages::run(answer.frame, &answer.pictures, stages, &mut answer.notes)?;
        if !stages.is_empty() {
            // Pictures show the whole answer; after a pipe they would contradict the table.
            answer.pictures.clear();
        }
        if answer.frame.width() > 0 {
            self.keep(into, &answer.frame);
        }
        answer.elapsed = started.elapsed();
        Ok(run.sink.answer(&answer)?)
    }

    fn run_script(&mut self, path: &str, run: &mut Run<'_>) -> Result<(), Failure> {
        if self.depth >= DEPTH {
            let message =
                format!("{path} runs scripts more than {DEPTH} deep; does it run itself?");
            return Err(Failure::new(Exit::Query, message));
        }
        let source = Source::read(Path::new(path))?;
        self.depth += 1;
        let mut outcome = Ok(());
        for range in self.statements(&source.text) {
            outcome = self.execute(&source, range, run.sink, run.cancel, run.progress);
            if outcome.is_err() {
                break;
            }
        }
        self.depth -= 1;
        outcome
    }
}
