//! The decomposition of a set with one model.

use std::sync::Arc;

use polars::prelude::DataFrame;

use super::job::{Job, parts};
use super::notes;
use super::size::stored_size;
use crate::decompose::LastLayers;
use crate::desk::models::loaded::LoadedModel;
use crate::desk::models::model_card::ModelCard;
use crate::desk::models::passes::{Change, Passes};
use crate::desk::stored::last_layers;
use crate::desk::tables::wording::{in_numbers, label};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::query::Target;
use crate::store::{Header, ImageSet, PART_ROWS, Precision, Skipped, pixels};
use crate::work::cancel::Cancel;

/// Images that go through a model on the CPU together, unless the user says otherwise.
const BATCH: usize = 8;

/// Those that go through a model on another device together: it takes many to keep a GPU's cores at work.
const BATCH_ELSEWHERE: usize = 32;

/// How a set is decomposed.
#[derive(Clone, Copy)]
pub struct How {
    /// How rows are stored.
    pub precision: Precision,
    /// What the linear layers of the forward pass multiply.
    pub forward: Numbers,
    /// Images that go through the model together.
    pub batch: Option<usize>,
    /// How many layers, from the last, keep their components; all by default.
    pub last_layers: Option<usize>,
}

/// The right to decompose a set with one model.
pub struct One {
    target: Target,
    how: How,
    images: Arc<ImageSet>,
    card: ModelCard,
    /// Of the model's files.
    fingerprint: String,
    passes: Passes,
    write: Change,
}

impl One {
    /// Plans it.
    pub fn plan(target: Target, how: How, planner: &mut Planner<'_>) -> Result<Self, DeskError> {
        let entry = planner.model(&target.model)?;
        let card = ModelCard::of(&entry)?;
        let images = planner.set(&target.set)?;
        let (components, width) = stored_size(&card, how.last_layers);
        let words = format!("rows of {components} components of {}", target.model);
        let (passes, write) = planner.step(words, |planner| {
            let (precision, forward) = (how.precision, how.forward);
            let there = planner.images_done(&target, components, precision, forward)?;
            let passes = match images.len() - there {
                0 => planner.no_passes("everything is stored", &target.model, forward),
                todo => {
                    let numbers = in_numbers(forward);
                    let words = format!(
                        "compute: {todo} forward passes{numbers} ({there} images are stored)"
                    );
                    planner.passes(words, &target.model, forward)
                }
            };
            let number = match precision {
                Precision::F32 => 4,
                Precision::F16 => 2,
            };
            let size = (width * number + card.dim * 4) * images.len();
            let write = planner.change(format!("write: {:.1} MB in all", size as f64 / 1e6));
            Ok((passes, write))
        })?;
        Ok(Self {
            target,
            how,
            images,
            card,
            fingerprint: entry.fingerprint,
            passes,
            write,
        })
    }

    /// Decomposes the set, going on where an earlier run stopped.
    pub fn run(self, desk: &mut Desk<'_>) -> Result<Answer, DeskError> {
        let Target { model, set } = &self.target;
        let loaded = self.passes.model(desk)?;
        let job = self.job(&loaded, desk.cancel)?;
        let header = self.header(&job)?;
        let mut writer = self.write.store(desk).begin(model, set, &header)?;
        let mut notes = notes::begun(&writer);
        notes.extend(self.notes_on_numbers(&loaded));
        let was_complete = writer.pending().is_none();
        let what = format!("decomposing {set} with {model}");
        desk.progress.start(&what, self.images.len() as u64);
        desk.progress.advance(writer.next_row() as u64);
        parts(&job, &mut writer, desk.progress)?;
        desk.progress.finish();
        let done = writer.finish()?;
        notes.push(match was_complete {
            true => format!(
                "{set} is decomposed with {model} already: {} images",
                done.len()
            ),
            false => format!("decomposed {} images of {set} with {model}", done.len()),
        });
        let skipped: Vec<Skipped> = done.manifest().skipped().cloned().collect();
        notes.extend(notes::skipped(&skipped));
        Ok(Answer {
            notes,
            cached: was_complete,
            ..Answer::default()
        })
    }

    fn job<'j>(
        &'j self,
        loaded: &'j LoadedModel,
        cancel: &'j Cancel,
    ) -> Result<Job<'j>, DeskError> {
        let (card, decomposer) = (&self.card, &loaded.decomposer);
        let last = match last_layers::fewer(card, self.how.last_layers) {
            Some(count) => {
                let is_kept = last_layers::is_kept(card, count);
                Some(LastLayers::new(decomposer, &is_kept)?)
            }
            None => None,
        };
        Ok(Job {
            loaded,
            images: &self.images,
            last,
            batch: self.how.batch.unwrap_or(match decomposer.is_on_cpu() {
                true => BATCH,
                false => BATCH_ELSEWHERE,
            }),
            cancel,
        })
    }

    fn header(&self, job: &Job<'_>) -> Result<Header, DeskError> {
        let loaded = job.loaded;
        let maps = job.maps().iter().map(|map| map.flatten_all()?.to_vec1());
        Ok(Header {
            model_fingerprint: self.fingerprint.clone(),
            preprocessing: format!(
                "decoded as by {}; {}",
                pixels::LIKE,
                loaded.checkpoint.preprocess.describe()
            ),
            precision: self.how.precision,
            forward: self.how.forward,
            dims: loaded.decomposer.dim()?,
            specs: job.specs().to_vec(),
            maps: maps.collect::<candle_core::Result<_>>()?,
            columns: DataFrame::default(),
            part_rows: PART_ROWS,
        })
    }

    /// What the forward pass multiplies, where that is not f32; and whether it saves time.
    fn notes_on_numbers(&self, loaded: &LoadedModel) -> Vec<String> {
        let forward = self.how.forward;
        let mut notes: Vec<String> = label(&self.target.model, forward).into_iter().collect();
        if loaded.decomposer.is_on_cpu() && !forward.is_native() {
            notes.push(format!(
                "this CPU has no instructions for {forward}: the numbers are the same, and no time is saved"
            ));
        }
        notes
    }
}
