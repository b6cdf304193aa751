//! [`Desk`]: what a statement runs with. Of what is stored it sees what its tickets are for, and nothing else.

use std::collections::BTreeMap;
use std::time::Instant;

use polars::prelude::DataFrame;

use super::error::DeskError;
use super::shelf::Shelf;
use crate::desk::models::loaded::LoadedModels;
use crate::interface::answer::{Answer, Sink};
use crate::lang::catalog::{Catalog, Settings};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// What a statement runs with.
pub struct Desk<'a> {
    /// What lies in the store; tickets alone look at it.
    pub(in crate::desk) shelf: Shelf<'a>,
    /// Models in memory; tickets alone take them.
    pub(in crate::desk) models: &'a mut LoadedModels,
    /// What statements leave unsaid.
    pub settings: &'a mut Settings,
    /// Where answers go, and how they look.
    pub sink: &'a mut dyn Sink,
    /// The name of the source that the statement stands in: files to run are named as seen from there.
    pub script: &'a str,
    /// Stops the work.
    pub cancel: &'a Cancel,
    /// Is told how far it has come.
    pub progress: &'a dyn Progress,
    /// When the statement began.
    pub started: Instant,
    /// The most bytes of vectors that an answer may hold.
    pub memory: usize,
}

/// What a statement runs with besides what is stored.
pub struct Around<'a> {
    /// As [`Desk::settings`].
    pub settings: &'a mut Settings,
    /// As [`Desk::sink`].
    pub sink: &'a mut dyn Sink,
    /// As [`Desk::script`].
    pub script: &'a str,
    /// As [`Desk::cancel`].
    pub cancel: &'a Cancel,
    /// As [`Desk::progress`].
    pub progress: &'a dyn Progress,
    /// As [`Desk::started`].
    pub started: Instant,
    /// As [`Desk::memory`].
    pub memory: usize,
}

impl<'a> Desk<'a> {
    /// A desk before a shelf.
    #[must_use]
    pub fn new(shelf: Shelf<'a>, models: &'a mut LoadedModels, around: Around<'a>) -> Self {
        Self {
            shelf,
            models,
            settings: around.settings,
            sink: around.sink,
            script: around.script,
            cancel: around.cancel,
            progress: around.progress,
            started: around.started,
            memory: around.memory,
        }
    }

    /// The names there are.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.shelf.catalog
    }

    /// The session's results, by name.
    #[must_use]
    pub fn results(&self) -> &'a BTreeMap<String, DataFrame> {
        self.shelf.results
    }

    /// Hands out an answer before the statement has come to its end: one of several.
    ///
    /// # Errors
    /// When it can't be written, a closed pipe included.
    pub fn hand_out(&mut self, mut answer: Answer) -> Result<(), DeskError> {
        answer.elapsed = self.started.elapsed();
        self.sink.answer(&answer).map_err(DeskError::Output)
    }
}
