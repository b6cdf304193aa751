//! [`Planner`]: what a statement plans with. It looks things up, which costs nothing worth a line, and gives tickets, which
//! add their steps to the plan (all but a few: see [`plan`](super::plan)). Each ticket is in a file of its own below
//! [`desk`](super).

use std::collections::BTreeMap;
use std::sync::Arc;

use polars::prelude::DataFrame;

use super::error::DeskError;
use super::plan::{Plan, Step, Work};
use super::shelf::Shelf;
use crate::decompose::ComponentKind;
use crate::desk::images::split::Split;
use crate::desk::models::model_card::ModelCard;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::last_layers;
use crate::desk::tables::conditions::filter_frame;
use crate::desk::tables::wording::label;
use crate::lang::catalog::{Catalog, ModelInfo};
use crate::lang::filter::Filter;
use crate::lang::query::{Stage, Target, Unit};
use crate::store::{Feature, ImageSet, ModelEntry, SetInfo};
use crate::work::cancel::Cancel;

/// Plans a statement.
pub struct Planner<'a> {
    pub(in crate::desk) shelf: Shelf<'a>,
    /// Stops the planning.
    pub cancel: &'a Cancel,
    /// What is done to the answer.
    stages: &'a [Stage],
    /// Whether the answer is kept under a name.
    named: bool,
    /// The steps so far: those of the plan, then those of each step that is being planned.
    open: Vec<Vec<Step>>,
    /// What the reader should know about what the answer rests on; each a sentence, said after all others.
    notes: Vec<String>,
}

impl<'a> Planner<'a> {
    pub(in crate::desk) fn new(
        shelf: Shelf<'a>,
        stages: &'a [Stage],
        named: bool,
        cancel: &'a Cancel,
    ) -> Self {
        Self {
            shelf,
            cancel,
            stages,
            named,
            open: vec![Vec::new()],
            notes: Vec::new(),
        }
    }

    /// The plan, and the notes that the answer ends with.
    pub(in crate::desk) fn finish(mut self) -> (Plan, Vec<String>) {
        let steps = self.open.pop().unwrap_or_default();
        (Plan { steps }, self.notes)
    }

    /// Adds a step that rests on nothing.
    pub(in crate::desk) fn add(&mut self, work: Work) {
        let step = Step {
            work,
            from: Vec::new(),
        };
        self.open.last_mut().expect("never empty").push(step);
    }

    /// Adds a step that costs nothing itself, in words.
    pub fn says(&mut self, words: impl Into<String>) {
        self.add(Work::Says(words.into()));
    }

    /// Adds a step that rests on what `inside` plans.
    ///
    /// # Errors
    /// What `inside` fails with.
    pub fn step<T>(
        &mut self,
        words: impl Into<String>,
        inside: impl FnOnce(&mut Self) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        self.work(Work::Says(words.into()), inside)
    }

    /// As [`Self::step`], for any work.
    pub(in crate::desk) fn work<T>(
        &mut self,
        work: Work,
        inside: impl FnOnce(&mut Self) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        self.open.push(Vec::new());
        let made = inside(self);
        let from = self.open.pop().unwrap_or_default();
        self.open
            .last_mut()
            .expect("never empty")
            .push(Step { work, from });
        made
    }

    /// Adds a step about a model on a set: what `inside` plans, and what its stored contributions are where their forward
    /// pass was not in f32. `words` says what is done with the model: `score 24 units of`.
    ///
    /// # Errors
    /// What `inside` fails with.
    pub fn step_on<T>(
        &mut self,
        words: &str,
        target: &Target,
        inside: impl FnOnce(&mut Self) -> Result<T, DeskError>,
    ) -> Result<T, DeskError> {
        let (model, set) = (&target.model, &target.set);
        self.step(format!("{words} {model} on {set}"), |planner| {
            let made = inside(planner)?;
            let label = label(model, planner.shelf.multiplied(model, set));
            if let Some(label) = label {
                planner.says(label);
            }
            Ok(made)
        })
    }

    /// A sentence for the end of the answer.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }

    /// What will be done to the answer; and whether it is to be kept under a name.
    #[must_use]
    pub fn afterwards(&self) -> (&'a [Stage], bool) {
        (self.stages, self.named)
    }

    /// What there is.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.shelf.catalog
    }

    /// What is known of a model without its components' numbers.
    #[must_use]
    pub fn model_info(&self, model: &str) -> ModelInfo {
        self.shelf.catalog.model(model).cloned().unwrap_or_default()
    }

    /// The session's results, by name.
    #[must_use]
    pub fn results(&self) -> &'a BTreeMap<String, DataFrame> {
        self.shelf.results
    }

    /// A registered model.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn model(&self, name: &str) -> Result<ModelEntry, DeskError> {
        Ok(self.shelf.store.model(name)?)
    }

    /// An image set with its metadata.
    ///
    /// # Errors
    /// When there is none of this name, or its table is not whole.
    pub fn set(&self, name: &str) -> Result<Arc<ImageSet>, DeskError> {
        self.shelf.set(name)
    }

    /// What is known of an image set without its table.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn set_info(&self, name: &str) -> Result<SetInfo, DeskError> {
        Ok(self.shelf.store.set_info(name)?)
    }

    /// The features known for a set.
    ///
    /// # Errors
    /// When a file of them can't be read.
    pub fn features(&self, set: &str) -> Result<Vec<Feature>, DeskError> {
        Ok(self.shelf.store.features(Some(set))?)
    }

    /// How a set is split.
    ///
    /// # Errors
    /// When there is no such set, or its table is not whole.
    pub fn split(&self, set: &str) -> Result<Arc<Split>, DeskError> {
        self.shelf.split(set)
    }

    /// Stored contributions, and a note where they are not all of a model's or not of a forward pass in f32.
    ///
    /// # Errors
    /// When they are missing, unfinished, of another model or set than there is now, or damaged.
    pub fn decomposed(&mut self, target: &Target) -> Result<Arc<Stored>, DeskError> {
        let stored = self.shelf.stored(&target.model, &target.set)?;
        let notes = last_layers::notes(self.shelf, target, &stored)?;
        self.notes.extend(notes);
        Ok(stored)
    }

    /// As [`Self::decomposed`], with those of some units that are stored.
    ///
    /// # Errors
    /// As [`Self::decomposed`], and when none of the units is stored.
    pub fn decomposed_units(
        &mut self,
        target: &Target,
        units: &[Unit],
    ) -> Result<(Arc<Stored>, Vec<Unit>), DeskError> {
        let stored = self.decomposed(target)?;
        let units = last_layers::stored_units(self.shelf, target, &stored, units)?;
        Ok((stored, units))
    }

    /// Stored contributions as they lie, whether or not they are all of the model's: for what computes rows anew.
    ///
    /// # Errors
    /// As [`Self::decomposed`].
    pub fn stored_unremarked(&self, target: &Target) -> Result<Arc<Stored>, DeskError> {
        self.shelf.stored(&target.model, &target.set)
    }

    /// Which images of a set satisfy a condition.
    ///
    /// # Errors
    /// When the condition compares what can't be compared.
    pub fn images_satisfying(
        &self,
        set: &ImageSet,
        filter: Option<&Filter>,
    ) -> Result<Vec<bool>, DeskError> {
        match filter {
            Some(filter) => filter_frame(set.frame(), filter),
            None => Ok(vec![true; set.len()]),
        }
    }

    /// The heads among stored components, as units.
    #[must_use]
    pub fn heads(&self, stored: &Stored) -> Vec<Unit> {
        let heads = stored.specs().iter().map(|spec| spec.component);
        let heads = heads.filter(|component| component.kind == ComponentKind::Head);
        heads.map(Unit::Component).collect()
    }

    /// What is known about a model's components.
    ///
    /// # Errors
    /// When there is no such model, or its entry was written by another version.
    pub fn model_card(&self, name: &str) -> Result<ModelCard, DeskError> {
        ModelCard::of(&self.model(name)?)
    }
}
