//! [`Passes`]: the ticket to run a model on images, and [`Change`]: the one to change the store.

use std::sync::Arc;

use crate::desk::models::loaded::{LoadedModel, LoadedModels};
use crate::desk::plan::Work;
use crate::desk::{Desk, DeskError, Planner};
use crate::kernels::Numbers;
use crate::store::Store;

/// The right to run a model.
#[derive(Clone)]
pub struct Passes {
    model: String,
    numbers: Numbers,
}

/// The right to change the store.
#[derive(Clone, Copy)]
pub struct Change(());

impl Planner<'_> {
    /// Plans to run a model, as `words` say: `compute: one forward pass, of probe.jpg`. Its linear layers multiply `numbers`.
    pub fn passes(&mut self, words: impl Into<String>, model: &str, numbers: Numbers) -> Passes {
        self.add(Work::Passes(words.into()));
        Passes::of(model, numbers)
    }

    /// Plans to load a model that is to run on no image, as `words` say: `everything is stored`.
    pub fn no_passes(&mut self, words: impl Into<String>, model: &str, numbers: Numbers) -> Passes {
        self.says(words);
        Passes {
            model: model.to_owned(),
            numbers,
        }
    }

    /// Plans to change the store, as `words` say.
    pub fn change(&mut self, words: impl Into<String>) -> Change {
        self.add(Work::Says(words.into()));
        Change(())
    }

    /// What the forward pass of a stored decomposition multiplied; f32 where there is none.
    #[must_use]
    pub fn multiplied(&self, model: &str, set: &str) -> Numbers {
        self.shelf.multiplied(model, set)
    }
}

impl Passes {
    /// The right to run a model, for what adds its own step to the plan.
    pub(in crate::desk) fn of(model: &str, numbers: Numbers) -> Self {
        Self {
            model: model.to_owned(),
            numbers,
        }
    }

    /// The model, loaded.
    ///
    /// # Errors
    /// When its files are gone, changed since it was added or hold no model that can be read.
    pub fn model(&self, desk: &mut Desk<'_>) -> Result<Arc<LoadedModel>, DeskError> {
        let store = desk.shelf.store;
        desk.models
            .model_multiplying(store, &self.model, self.numbers)
    }

    /// The same model, its layers multiplying f32.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn exact_model(&self, desk: &mut Desk<'_>) -> Result<Arc<LoadedModel>, DeskError> {
        desk.models.model(desk.shelf.store, &self.model)
    }
}

impl Change {
    /// The store.
    #[must_use]
    pub fn store<'d>(self, desk: &Desk<'d>) -> &'d Store {
        desk.shelf.store
    }

    /// The models in memory.
    #[must_use]
    pub fn models<'d>(self, desk: &'d mut Desk<'_>) -> &'d mut LoadedModels {
        desk.models
    }
}
