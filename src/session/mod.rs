//! A session: the store, the names in it, the settings, the results so far. Every front end runs statements through it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use polars::prelude::DataFrame;

use crate::engine::{self, Desk, EngineError, Library, catalog, stages};
use crate::files::paths;
use crate::interface::answer::{Answer, Sink};
use crate::interface::engine::{Assist, Engine, Name, Source};
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::Choice;
use crate::lang::catalog::{Catalog, Settings};
use crate::lang::error::Problem;
use crate::lang::help;
use crate::lang::query::{Query, Shown, Task};
use crate::lang::{resolve, script};
use crate::store::{Store, StoreError};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

mod assist;
mod last;
mod settings;

use last::LastAnswer;

/// How deep scripts may run scripts.
const DEPTH: usize = 16;

/// The name of the last answer.
const LAST: &str = "_";

/// A store opened for questions.
pub struct Session {
    store: Store,
    library: Library,
    catalog: Catalog,
    settings: Settings,
    results: BTreeMap<String, DataFrame>,
    depth: usize,
}

/// What a statement is run with.
struct Run<'a> {
    /// The source of the statement: files to run are named as seen from there.
    script: String,
    sink: &'a mut dyn Sink,
    cancel: &'a Cancel,
    progress: &'a dyn Progress,
}

impl Session {
    /// Opens the store in `root`.
    ///
    /// # Errors
    /// [`Exit::Missing`] when it can't be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::over(Store::open(root).map_err(missing)?)
    }

    /// As [`Self::open`], but statements that change the store are refused and caches are not kept.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_read_only(root: impl Into<PathBuf>) -> Result<Self, Failure> {
        Self::over(Store::open(root).map_err(missing)?.read_only())
    }

    fn over(store: Store) -> Result<Self, Failure> {
        let catalog = catalog::take_stock(&store, None).map_err(missing)?;
        Ok(Self {
            store,
            library: Library::default(),
            catalog,
            settings: Settings::default(),
            results: BTreeMap::new(),
            depth: 0,
        })
    }

    /// The same, with models on a device.
    #[must_use]
    pub fn on(mut self, device: Choice) -> Self {
        self.library = Library::on(device);
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs one statement, without a terminal: for programs and tests.
    ///
    /// # Errors
    /// As [`Engine::execute`].
    pub fn ask(&mut self, statement: &str) -> Result<Answer, Failure> {
        let mut kept = LastAnswer::default();
        let source = Source {
            name: "query".to_owned(),
            text: statement.to_owned(),
        };
        let whole = 0..statement.len();
        self.execute(
            &source,
            whole,
            &mut kept,
            &Cancel::default(),
            &crate::work::progress::Silent,
        )?;
        Ok(kept.into_answer())
    }

    fn desk<'a>(&'a mut self, run: &'a Run<'_>) -> Desk<'a> {
        Desk {
            store: &self.store,
            library: &mut self.library,
            catalog: &self.catalog,
            results: &self.results,
            cancel: run.cancel,
            progress: run.progress,
        }
    }

    /// Carries out a resolved query.
    fn carry_out(&mut self, query: &Query, run: &mut Run<'_>) -> Result<(), Failure> {
        if self.store.is_read_only() && writes(&query.task) {
            let refused = "the store is open for reading only, and this statement would change it";
            return Err(Failure::new(Exit::Query, refused)
                .with_help("start vitscope without --read-only to change the store"));
        }
        let started = Instant::now();
        for note in &query.notes {
            run.progress.note(note);
        }
        if let Some(text) = self.in_words(query, run)? {
            return Ok(run.sink.text(&text)?);
        }
        if let Task::Decompose { models, .. } = &query.task {
            for model in models {
                let mut answer = self
                    .answer(query, Some(model), run)
                    .map_err(decomposition_goes_on)?;
                // At once: should a later model fail, this one is done all the same.
                self.take_stock()?;
                answer.elapsed = started.elapsed();
                run.sink.answer(&answer)?;
            }
            return Ok(());
        }
        if let Some(mut answer) = self.desk(run).stream(query, engine::vectors::MOST)? {
            answer.elapsed = started.elapsed();
            return Ok(run.sink.answer(&answer)?);
        }
        let mut answer = self.answer(query, None, run)?;
        answer.frame = stages::run(
            answer.frame,
            &answer.pictures,
            &query.stages,
            &mut answer.notes,
        )?;
        if !query.stages.is_empty() {
            // Pictures show the whole answer; after a pipe they would contradict the table.
            answer.pictures.clear();
        }
        if answer.frame.width() > 0 {
            self.keep(query.into.as_deref(), &answer.frame);
        }
        answer.elapsed = started.elapsed();
        run.sink.answer(&answer)?;
        if changes_names(&query.task) {
            self.take_stock()
        } else {
            Ok(())
        }
    }

    /// Tasks that answer in words, or only change the session.
    fn in_words(&mut self, query: &Query, run: &mut Run<'_>) -> Result<Option<String>, Failure> {
        match &query.task {
            Task::Help(topic) => Ok(Some(help_text(*topic))),
            Task::Explain(inner) => Ok(Some(self.desk(run).explain(inner)?)),
            _ => Ok(None),
        }
    }

    /// The answer of a task; `model` is the one of several that a decomposition is at.
    fn answer(
        &mut self,
        query: &Query,
        model: Option<&str>,
        run: &mut Run<'_>,
    ) -> Result<Answer, Failure> {
        match &query.task {
            Task::Set(setting) => self.set(setting, run.sink),
            Task::Let { name, value } => {
                self.settings.variables.insert(name.clone(), value.clone());
                Ok(Answer::default())
            }
            Task::Run(path) => {
                let path = paths::beside(&run.script, path);
                self.run_script(&path.to_string_lossy(), run)
            }
            Task::From(name) => Ok(Answer {
                frame: self.result(name)?,
                cached: true,
                ..Answer::default()
            }),
            Task::Show(Shown::Results) => Ok(engine::show::results(&self.results)?),
            Task::Show(Shown::Settings) => Ok(engine::show::settings(run.sink.settings())?),
            Task::Define { name, texts } => {
                self.store.define(name, texts).map_err(EngineError::from)?;
                let note = format!("{name} means {}", texts.join("; "));
                Ok(Answer {
                    notes: vec![note],
                    ..Answer::default()
                })
            }
            Task::Drop { model, set } => {
                self.store
                    .drop_decomposition(model, set)
                    .map_err(EngineError::from)?;
                let note = format!("dropped the decomposition of {set} by {model}");
                Ok(Answer {
                    notes: vec![note],
                    ..Answer::default()
                })
            }
            task => Ok(self.desk(run).answer(task, model)?),
        }
    }

    fn run_script(&mut self, path: &str, run: &mut Run<'_>) -> Result<Answer, Failure> {
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
        outcome.map(|()| Answer::default())
    }

    fn result(&self, name: &str) -> Result<DataFrame, Failure> {
        let unknown = || Failure::new(Exit::Query, format!("there is no result {name}"));
        self.results.get(name).cloned().ok_or_else(unknown)
    }

    /// Remembers an answer as `_`, and under its own name if it has one.
    fn keep(&mut self, name: Option<&str>, table: &DataFrame) {
        for name in name.into_iter().chain([LAST]) {
            self.results.insert(name.to_owned(), table.clone());
            self.catalog.list_result(catalog::result(name, table));
        }
    }

    fn take_stock(&mut self) -> Result<(), Failure> {
        let set = self.settings.set.as_deref();
        let mut stock = catalog::take_stock(&self.store, set).map_err(EngineError::from)?;
        stock.results = std::mem::take(&mut self.catalog.results);
        self.catalog = stock;
        Ok(())
    }
}

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
        let statement = crate::lang::parse::statement(&source.text[range.clone()], range.start)
            .map_err(|error| error.failure(&source.name, &source.text))?;
        let query = resolve::resolve(&statement, &self.catalog, &self.settings)
            .map_err(|error| error.failure(&source.name, &source.text))?;
        let mut run = Run {
            script: source.name.clone(),
            sink,
            cancel,
            progress,
        };
        self.carry_out(&query, &mut run)
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

fn missing(error: StoreError) -> Failure {
    Failure::new(Exit::Missing, error.to_string())
}

/// A cancelled decomposition is no loss, which its user should know.
fn decomposition_goes_on(failure: Failure) -> Failure {
    match failure.exit {
        Exit::Cancelled => {
            failure.with_help("what is stored stays; the same statement goes on from there")
        }
        _ => failure,
    }
}

/// Whether a task changes the store, other than by keeping what it has computed.
fn writes(task: &Task) -> bool {
    changes_names(task) || matches!(task, Task::Decompose { .. })
}

/// Whether a task adds, removes or changes something that statements can name.
fn changes_names(task: &Task) -> bool {
    matches!(
        task,
        Task::AddModel { .. }
            | Task::AddImages { .. }
            | Task::Align { .. }
            | Task::Define { .. }
            | Task::Drop { .. }
    )
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

fn help_text(topic: Option<&str>) -> String {
    let Some(topic) = topic.and_then(help::topic) else {
        let line = |topic: &help::Topic| format!("  {:<16}{}", topic.name, topic.summary);
        let lines: Vec<String> = help::TOPICS.iter().map(line).collect();
        return format!("help TOPIC tells more about\n{}", lines.join("\n"));
    };
    let mut text = format!("{}\n\n  {}", topic.summary, topic.form);
    if !topic.text.is_empty() {
        text.push_str(&format!("\n\n{}", topic.text));
    }
    if !topic.examples.is_empty() {
        text.push_str(&format!("\n\nExamples:\n  {}", topic.examples.join("\n  ")));
    }
    text
}

/// The store that is used when the user names none.
///
/// # Errors
/// [`Exit::Missing`] when the system has no place for one.
pub fn default_store(named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Store::default_root().map_err(|e| Failure::new(Exit::Missing, e.to_string())),
    }
}
