//! Second moments of contributions: gathered in one pass over the rows, kept beside the decomposition, and the ticket to use
//! them. Scores of single components follow from them, and no image is read.

use std::cell::RefCell;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::align::Aligned;
use crate::analysis::{Moments, gather_moments};
use crate::desk::models::loaded::Scoring;
use crate::desk::plan::Work;
use crate::desk::stored::alignment_file::moments_blob;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::{Carried, Desk, DeskError, Planner, Shelf};
use crate::kernels::Numbers;
use crate::lang::query::Target;
use crate::store::{Blob, Decomposition, NamedTensor, StoreError};

/// What plans say of gathering moments after a fit.
pub const PASS: &str = "then one pass for the moments that scores need";

/// The right to use the moments of a model's contributions in the space of a CLIP, on the images that scores are taken on.
#[derive(Clone)]
pub struct MomentsOf {
    stored: Arc<Stored>,
    clip: String,
    rests_on: RestsOn,
    /// What gathers them, if they are not stored.
    gathered: Option<(Rows, AlignmentTo)>,
}

/// The right to gather moments once an alignment is kept: what they rest on is known only then.
pub struct MomentsToCome {
    stored: Arc<Stored>,
    clip: String,
}

/// What moments rest on.
#[derive(Clone)]
struct RestsOn {
    value: Value,
    /// The stamp of the set's table.
    table: String,
    /// Whether the note beside stored moments says that they rest on it.
    stored: bool,
}

impl Planner<'_> {
    /// Plans to use the moments of a model's contributions.
    ///
    /// # Errors
    /// When the set or the CLIP is not there.
    pub fn moments(
        &mut self,
        target: &Target,
        stored: &Arc<Stored>,
        clip: &str,
    ) -> Result<MomentsOf, DeskError> {
        let rests_on = rests_on(self.shelf, stored.decomposition(), clip)?;
        let work = Work::Moments {
            components: stored.specs().len(),
            stored: rests_on.stored,
        };
        let gathered = match rests_on.stored {
            true => {
                self.add(work);
                None
            }
            false => Some(self.work(work, |planner| {
                let scored = planner.scored_images(target, None)?;
                let rows = planner.all_rows(stored, scored);
                Ok((rows, planner.alignment(stored, clip)?))
            })?),
        };
        Ok(MomentsOf {
            stored: stored.clone(),
            clip: clip.to_owned(),
            rests_on,
            gathered,
        })
    }

    /// Plans to gather moments under an alignment that is yet to be fitted.
    pub fn moments_to_come(&mut self, stored: &Arc<Stored>, clip: &str) -> MomentsToCome {
        self.says(PASS);
        MomentsToCome {
            stored: stored.clone(),
            clip: clip.to_owned(),
        }
    }
}

impl MomentsToCome {
    /// Gathers and keeps them.
    ///
    /// # Errors
    /// As [`MomentsOf::take`].
    pub fn gather(self, desk: &mut Desk<'_>) -> Result<(), DeskError> {
        let rests_on = rests_on(desk.shelf, self.stored.decomposition(), &self.clip)?;
        let moments = MomentsOf {
            stored: self.stored,
            clip: self.clip,
            rests_on,
            gathered: None,
        };
        moments.take(desk).map(|_| ())
    }
}

impl MomentsOf {
    /// Aligned maps and moments, read from the store, or gathered and kept. The flag says whether they were there already.
    ///
    /// # Errors
    /// When rows or maps can't be read; [`DeskError::Cancelled`].
    pub fn take(self, desk: &mut Desk<'_>) -> Result<(Arc<Scoring>, bool), DeskError> {
        let done = self.stored.decomposition();
        let key = self.rests_on.value.to_string();
        if let Some(scoring) = desk.models.scoring(&key) {
            return Ok((scoring, true));
        }
        if let Some(scoring) = load_scoring(done, &self.clip, &self.rests_on.value)? {
            return Ok((desk.models.keep_scoring(key, scoring), true));
        }
        let scoring = self.gather(desk)?;
        if !desk.shelf.store.is_read_only() {
            let RestsOn { value, table, .. } = self.rests_on;
            save_scoring(done, &self.clip, &scoring, value, table)?;
        }
        Ok((desk.models.keep_scoring(key, scoring), false))
    }

    fn gather(&self, desk: &Desk<'_>) -> Result<Scoring, DeskError> {
        let split = desk.shelf.split(self.stored.set())?;
        let Carried {
            aligned,
            held_out_cosine,
        } = match &self.gathered {
            Some((_, alignment)) => alignment.carried(desk)?,
            // Stored moments turned out to be damaged, and are gathered as missing ones are; or an alignment was just kept.
            None => desk.shelf.aligned(&self.stored, &self.clip, desk.cancel)?,
        };
        let keep = |id| split.scores(id);
        let moments = match &self.gathered {
            Some((rows, _)) => gather_moments(
                &rows.open()?,
                &aligned,
                &rows.keeps(),
                desk.cancel,
                desk.progress,
            )?,
            None => {
                let rows = self.stored.contributions()?;
                gather_moments(rows, &aligned, &keep, desk.cancel, desk.progress)?
            }
        };
        Ok(Scoring {
            aligned,
            moments,
            apart: split.is_known(),
            held_out_cosine,
        })
    }
}

/// What moments of a decomposition rest on.
///
/// The column `split` of a million images takes longer to read than a ranking to compute: where the note beside stored
/// moments says that the set's table is still the one they were gathered under, the split is the one it names.
fn rests_on(shelf: Shelf<'_>, done: &Decomposition, clip: &str) -> Result<RestsOn, DeskError> {
    let manifest = done.manifest();
    let note = done.blob_note(&moments_blob(clip))?;
    let table = shelf.store.table_stamp(&manifest.set)?;
    let split = match &note {
        Some(note) if note["table"] == json!(table) => note["basis"]["split"].clone(),
        _ => json!(shelf.split(&manifest.set)?.fingerprint()),
    };
    let mut value = json!({
        "model": manifest.model_fingerprint,
        "images": manifest.set_fingerprint,
        "rows": manifest.covered(),
        "clip": shelf.store.model(clip)?.fingerprint,
        "split": split,
    });
    // Not said of f32, so that moments of earlier versions stay good.
    if manifest.forward != Numbers::F32 {
        value["forward"] = json!(manifest.forward);
    }
    let stored = note.is_some_and(|note| note["basis"] == value);
    Ok(RestsOn {
        value,
        table,
        stored,
    })
}

fn save_scoring(
    done: &Decomposition,
    clip: &str,
    scoring: &Scoring,
    rests_on: Value,
    table: String,
) -> Result<(), DeskError> {
    let names = component_names(done);
    let aligned = &scoring.aligned;
    let maps = names
        .iter()
        .zip(&aligned.maps)
        .zip(&aligned.widths)
        .map(|((name, map), width)| {
            NamedTensor::f32(format!("{name}.map"), &[*width, aligned.dim], map.clone())
        });
    let moments = scoring.moments.to_tensors(&names).into_iter();
    let moments = moments.map(|(name, shape, values)| NamedTensor::f64(name, &shape, values));
    let blob = Blob {
        tensors: maps.chain(moments).collect(),
        note: json!({
            "basis": rests_on,
            "table": table,
            "dim": aligned.dim,
            "bias": aligned.bias,
            "apart": scoring.apart,
            "held_out_cosine": scoring.held_out_cosine,
        }),
    };
    Ok(done.save_blob(&moments_blob(clip), &blob)?)
}

/// What of a [`Scoring`] stands in the note beside its tensors.
#[derive(Deserialize)]
struct Note {
    dim: usize,
    bias: Vec<f32>,
    apart: bool,
    held_out_cosine: Option<f64>,
}

/// What [`save_scoring`] wrote, unless it is missing or rests on something else.
fn load_scoring(
    done: &Decomposition,
    clip: &str,
    rests_on: &Value,
) -> Result<Option<Scoring>, DeskError> {
    let mut blob = match done.load_blob(&moments_blob(clip)) {
        Ok(Some(blob)) => blob,
        // What is damaged is gathered again, as what is missing is.
        Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if blob.note["basis"] != *rests_on {
        return Ok(None);
    }
    let names = component_names(done);
    let widths: Vec<usize> = done.specs().iter().map(|s| s.width).collect();
    let Ok(Note {
        dim,
        bias,
        apart,
        held_out_cosine,
    }) = serde_json::from_value(blob.note.clone())
    else {
        return Ok(None);
    };
    let maps = names
        .iter()
        .map(|name| blob.take_f32(&format!("{name}.map")))
        .collect();
    // taken, not copied: moments are the largest thing that a ranking reads
    let blob = RefCell::new(blob);
    let find = |name: &str| blob.borrow_mut().take_f64(name);
    let moments = Moments::from_tensors(&names, &widths, dim, &find).ok();
    let (Some(maps), Some(moments)) = (maps, moments) else {
        return Ok(None);
    };
    let aligned = Aligned {
        dim,
        widths,
        maps,
        bias,
    };
    Ok(Some(Scoring {
        aligned: Arc::new(aligned),
        moments,
        apart,
        held_out_cosine,
    }))
}

/// The components' names, in order.
fn component_names(done: &Decomposition) -> Vec<String> {
    let specs = done.specs().iter();
    specs.map(|spec| spec.component.to_string()).collect()
}
