//! Carries out resolved statements: joins models, store, alignment and analysis, and knows nothing of terminals.
//!
//! A [`Task`](crate::lang::query::Task) comes in with every name looked up; an [`Answer`](crate::interface::answer::Answer) goes
//! out. One file per kind of task; [`Desk`] is what all of them work with.

mod ablate;
pub mod align;
pub mod catalog;
pub mod check;
mod classify;
pub mod compare;
mod control;
pub mod decompose;
mod each_image;
pub mod error;
mod evaluate;
pub mod evaluate_heatmaps;
mod evaluate_ranking;
pub mod explain;
pub mod features;
pub mod frames;
pub mod heatmap;
pub mod images;
mod kept;
mod labels;
mod last;
pub mod library;
mod map_set;
mod measured;
pub mod models;
mod neurons;
pub mod pictures;
mod plan;
mod plan_maps;
mod plan_read;
mod plan_truth;
mod probe;
mod published;
pub mod rank;
pub mod retrieve;
pub mod scores;
pub mod segment;
mod select;
pub mod show;
pub mod spans;
mod sql;
mod stability;
pub mod stages;
pub mod sweep;
pub mod texts;
mod threads;
mod token_maps;
pub mod vectors;
mod via;

pub use error::EngineError;
pub use library::Library;

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use crate::interface::answer::Answer;
use crate::lang::ast;
use crate::lang::catalog::Catalog;
use crate::lang::query::{Question, Task};
use crate::store::Store;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// What a task works with.
pub struct Desk<'a> {
    /// Everything on disk.
    pub store: &'a Store,
    /// Models in memory.
    pub library: &'a mut Library,
    /// The names there are.
    pub catalog: &'a Catalog,
    /// The session's results, by name.
    pub results: &'a BTreeMap<String, DataFrame>,
    /// Stops the work.
    pub cancel: &'a Cancel,
    /// Is told how far it has come.
    pub progress: &'a dyn Progress,
}

impl Desk<'_> {
    /// The answer of a task; `model` is the one of several that a decomposition is at.
    ///
    /// # Errors
    /// [`EngineError`], whatever stage it comes from.
    pub fn answer(&mut self, task: &Task, model: Option<&str>) -> Result<Answer, EngineError> {
        match task {
            Task::AddModel { name, path } => self.add_model(name, path),
            Task::AddImages { name, path, labels } => {
                self.add_images(name, path, labels.as_deref())
            }
            Task::Decompose {
                set,
                precision,
                forward,
                batch,
                last_layers,
                tokens,
                ..
            } => {
                if *tokens {
                    return Err(EngineError::refused(
                        "what single tokens contribute is not stored: for a ViT-B it would take 7 MB per image, a hundred times \
                         the rest, while one forward pass gives it anew for the images that are looked at",
                        "leave out `tokens`",
                    ));
                }
                let options = decompose::Options {
                    precision: decompose::kept_as(*precision),
                    forward: forward.unwrap_or_default(),
                    batch: *batch,
                    last_layers: *last_layers,
                };
                self.decompose(set, model.unwrap_or_default(), &options)
            }
            Task::Align {
                model,
                clip,
                set,
                lambda,
                seed,
            } => self.align(model, clip, set, *lambda, *seed),
            Task::Sweep {
                from,
                to,
                model,
                clip,
                set,
                seed,
            } => self.sweep((*from, *to), model, clip, set, *seed),
            Task::Check { model, set } => self.check(model, set),
            Task::Show(shown) => self.show(shown),
            Task::Describe(described) => self.describe(described),
            Task::Ask(question) => self.ask(question),
            Task::Sql { text, from } => self.sql(text, *from),
            _ => Err(unsupported("this statement")),
        }
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let (question, notes) = self.about_stored(question)?;
        let mut answer = self.ask_stored(&question)?;
        answer.notes.extend(notes);
        Ok(answer)
    }

    fn ask_stored(&mut self, question: &Question) -> Result<Answer, EngineError> {
        match question.asked {
            ast::Asked::Rank => self.rank(question),
            ast::Asked::Compare => self.compare(question),
            ast::Asked::Features => self.features(question),
            ast::Asked::Spans => self.spans(question),
            ast::Asked::Retrieve => self.retrieve(question),
            ast::Asked::Classify => self.classify(question),
            ast::Asked::Ablate => self.ablate(question),
            ast::Asked::EvaluateRanking => self.evaluate_ranking(question),
            ast::Asked::EvaluateRetrieval => self.evaluate_retrieval(question),
            ast::Asked::EvaluateAblation => self.evaluate_ablation(question),
            ast::Asked::Heatmap => self.heatmap(question),
            ast::Asked::Segment => self.segment(question),
            ast::Asked::EvaluateHeatmaps => self.evaluate_heatmaps(question),
            ast::Asked::Contributions | ast::Asked::Representation => self.vectors(question),
        }
    }
}

fn unsupported(what: &str) -> EngineError {
    EngineError::refused(
        format!("this version understands {what} but does not compute it"),
        "`help` lists what can be said",
    )
}
