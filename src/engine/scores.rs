//! What scores are computed from: stored contributions, the alignment, and moments over the right images.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use polars::prelude::DataFrame;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kept::Carried;
use super::library::Scoring;
use super::{Desk, EngineError};
use crate::align::{Aligned, Alignment, Targets};
use crate::analysis::{Moments, gather_moments};
use crate::contributions::{Contributions, ReadError, Slab, every_image, read_kept};
use crate::decompose::RowSpec;
use crate::kernels::Numbers;
use crate::store::{Blob, Decomposition, NamedTensor, StoreError, fingerprint};
use crate::work::cancel::Cancel;

/// Values of a `split` column that say: these images were there to fit on.
const FITTED: [&str; 3] = ["fit", "train", "training"];

/// Where an alignment's note says which CLIP it was fitted to: its fingerprint, since a name can come to mean another.
const FITTED_TO: &str = "clip_fingerprint";

/// A stored decomposition as contributions.
pub struct Stored(Decomposition);

impl Stored {
    /// Checks that the maps are there, so that reading them later cannot fail.
    ///
    /// # Errors
    /// When they are missing or damaged.
    pub fn new(decomposition: Decomposition) -> Result<Self, EngineError> {
        decomposition.map(0)?;
        Ok(Self(decomposition))
    }

    /// The decomposition.
    #[must_use]
    pub fn decomposition(&self) -> &Decomposition {
        &self.0
    }
}

impl Contributions for Stored {
    fn specs(&self) -> &[RowSpec] {
        self.0.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        self.0
            .map(component)
            .expect("all maps were loaded when this was made")
    }

    fn dim(&self) -> usize {
        self.0.dims()
    }

    fn parts(&self) -> usize {
        self.0.parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        Ok(Cow::Borrowed(part.ids()))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        part.z().map(Cow::Borrowed).map_err(unreadable)
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        let part = self.0.part(part).map_err(unreadable)?;
        part.slab(component).map_err(unreadable)
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        let part = &self.0.manifest().parts[part];
        Some(part.first as u32..part.end as u32)
    }
}

fn unreadable(error: StoreError) -> ReadError {
    ReadError(Box::new(error))
}

/// The representations of a stored CLIP decomposition, by image.
pub struct StoredTargets(pub Decomposition);

impl Targets for StoredTargets {
    fn dim(&self) -> usize {
        self.0.dims()
    }

    fn read(&self, ids: &[u32]) -> Result<Vec<f32>, ReadError> {
        let width = self.0.dims();
        let mut values = Vec::with_capacity(ids.len() * width);
        for id in ids {
            let part = self
                .0
                .manifest()
                .parts
                .partition_point(|part| part.end <= *id as usize);
            let missing = || ReadError(Box::new(crate::align::NoTarget(*id)));
            if part >= self.0.parts() {
                return Err(missing());
            }
            let part = self.0.part(part).map_err(unreadable)?;
            let row = part.ids().binary_search(id).map_err(|_| missing())?;
            values
                .extend_from_slice(&part.z().map_err(unreadable)?[row * width..(row + 1) * width]);
        }
        Ok(values)
    }
}

/// Which images of a set may be fitted on, and which scores are taken on.
#[derive(Clone, Debug)]
pub struct Split {
    /// By image id: whether it is there to fit on.
    fitted: Option<Vec<bool>>,
}

impl Split {
    /// Reads the column `split` of a set's table, if there is one with both kinds of images.
    #[must_use]
    pub fn of(frame: &DataFrame) -> Self {
        let column = frame
            .column("split")
            .ok()
            .and_then(|column| column.str().ok());
        let fitted = column.map(|column| {
            let is_fitted = |name: Option<&str>| name.is_some_and(|name| FITTED.contains(&name));
            column.iter().map(is_fitted).collect::<Vec<bool>>()
        });
        let mixed = |fitted: &Vec<bool>| fitted.contains(&true) && fitted.contains(&false);
        Self {
            fitted: fitted.filter(mixed),
        }
    }

    /// Whether the set says which images are which.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.fitted.is_some()
    }

    /// A name for this very split, that another one has not.
    fn fingerprint(&self) -> Option<String> {
        let bits = self.fitted.as_ref()?.iter().map(|&fitted| u8::from(fitted));
        Some(fingerprint(&bits.collect::<Vec<u8>>()))
    }

    /// Whether an alignment may be fitted on this image.
    #[must_use]
    pub fn fits(&self, id: u32) -> bool {
        self.fitted
            .as_ref()
            .is_none_or(|fitted| fitted.get(id as usize) == Some(&true))
    }

    /// Whether scores are taken on this image: one that was not fitted on, where that is known.
    #[must_use]
    pub fn scores(&self, id: u32) -> bool {
        self.fitted
            .as_ref()
            .is_none_or(|fitted| fitted.get(id as usize) == Some(&false))
    }
}

impl Desk<'_> {
    /// The alignment of a model to a CLIP on a set; the identity for the CLIP itself.
    pub(super) fn alignment(
        &self,
        stored: &Stored,
        model: &str,
        clip: &str,
    ) -> Result<Alignment, EngineError> {
        if model == clip {
            return Ok(Alignment::identity(stored.dim()));
        }
        let set = &stored.decomposition().manifest().set;
        let help = format!("run `align {model} to {clip} on {set}`");
        let unaligned = || {
            let message = format!("{model} is not aligned to {clip} on {set} yet");
            EngineError::refused(message, help.clone())
        };
        let mut blob = stored
            .decomposition()
            .load_blob(&align_blob(clip))?
            .ok_or_else(unaligned)?;
        if blob.note[FITTED_TO] != json!(self.store.model(clip)?.fingerprint) {
            return Err(EngineError::refused(
                format!("{clip} is another model than {model} was aligned to on {set}"),
                help,
            ));
        }
        let mut alignment: Alignment =
            serde_json::from_value(blob.note.clone()).map_err(|_| unaligned())?;
        let maps = stored
            .specs()
            .iter()
            .map(|spec| blob.take_f32(&spec.component.to_string()));
        alignment.maps = maps.collect::<Option<_>>().ok_or_else(unaligned)?;
        Ok(alignment)
    }

    /// Keeps an alignment with the decomposition it belongs to.
    pub(super) fn keep_alignment(
        &self,
        stored: &Stored,
        clip: &str,
        alignment: &Alignment,
    ) -> Result<(), EngineError> {
        let shape = [alignment.dim, alignment.width];
        let named = stored.specs().iter().zip(&alignment.maps);
        let tensors = named
            .map(|(spec, map)| NamedTensor::f32(spec.component.to_string(), &shape, map.clone()));
        let bare = Alignment {
            maps: Vec::new(),
            ..alignment.clone()
        };
        let mut note = serde_json::to_value(bare).expect("numbers and texts are JSON");
        note[FITTED_TO] = json!(self.store.model(clip)?.fingerprint);
        let blob = Blob {
            tensors: tensors.collect(),
            note,
        };
        stored.decomposition().remove_blob(&moments_blob(clip))?;
        Ok(stored.decomposition().save_blob(&align_blob(clip), &blob)?)
    }

    /// What moments of a decomposition rest on, and the stamp of the set's table.
    ///
    /// The column `split` of a million images takes longer to read than a ranking to compute: where the note beside stored
    /// moments says that the set's table is still the one they were gathered under, the split is the one it names.
    fn basis(&self, done: &Decomposition, clip: &str) -> Result<(Value, String), EngineError> {
        let manifest = done.manifest();
        let note = done.blob_note(&moments_blob(clip))?;
        let table = self.store.table_stamp(&manifest.set)?;
        let split = match note {
            Some(mut note) if note["table"] == json!(table) => note["basis"]["split"].take(),
            _ => json!(self.split(&manifest.set)?.fingerprint()),
        };
        let mut basis = json!({
            "model": manifest.model_fingerprint,
            "images": manifest.set_fingerprint,
            "rows": manifest.covered(),
            "clip": self.store.model(clip)?.fingerprint,
            "split": split,
        });
        // Not said of f32, so that moments of earlier versions stay good.
        if manifest.forward != Numbers::F32 {
            basis["forward"] = json!(manifest.forward);
        }
        Ok((basis, table))
    }

    /// Whether the moments that [`Self::scoring`] gives are stored, as the note beside them says.
    pub(super) fn moments_are_stored(
        &self,
        done: &Decomposition,
        clip: &str,
    ) -> Result<bool, EngineError> {
        let (basis, _) = self.basis(done, clip)?;
        let note = done.blob_note(&moments_blob(clip))?;
        Ok(note.is_some_and(|note| note["basis"] == basis))
    }

    /// Aligned maps and moments of a decomposition on the images that scores are taken on: read from the store, or
    /// gathered in one pass over it and kept. The flag says whether they were there already.
    pub(super) fn scoring(
        &mut self,
        done: &Decomposition,
        clip: &str,
    ) -> Result<(Arc<Scoring>, bool), EngineError> {
        let manifest = done.manifest();
        let (model, set) = (&manifest.model, &manifest.set);
        let (basis, table) = self.basis(done, clip)?;
        let key = basis.to_string();
        if let Some(scoring) = self.library.scoring(&key) {
            return Ok((scoring, true));
        }
        if let Some(scoring) = load_scoring(done, clip, &basis)? {
            return Ok((self.library.keep_scoring(key, scoring), true));
        }
        let stored = self.stored(model, set)?;
        let Carried {
            aligned,
            held_out_cosine,
        } = self.aligned(&stored, model, clip)?;
        let split = self.split(set)?;
        let keep = |id| split.scores(id);
        let moments = gather_moments(&stored, &aligned, &keep, self.cancel, self.progress)?;
        let scoring = Scoring {
            aligned,
            moments,
            apart: split.is_known(),
            held_out_cosine,
        };
        if !self.store.is_read_only() {
            save_scoring(done, clip, &scoring, basis, table)?;
        }
        Ok((self.library.keep_scoring(key, scoring), false))
    }
}

pub(super) fn align_blob(clip: &str) -> String {
    format!("align-{clip}")
}

pub(super) fn moments_blob(clip: &str) -> String {
    format!("moments-{clip}")
}

fn save_scoring(
    done: &Decomposition,
    clip: &str,
    scoring: &Scoring,
    basis: Value,
    table: String,
) -> Result<(), EngineError> {
    let names = names(done);
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
            "basis": basis,
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
    basis: &Value,
) -> Result<Option<Scoring>, EngineError> {
    let mut blob = match done.load_blob(&moments_blob(clip)) {
        Ok(Some(blob)) => blob,
        // What is damaged is gathered again, as what is missing is.
        Ok(None) | Err(StoreError::Damaged { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if blob.note["basis"] != *basis {
        return Ok(None);
    }
    let names = names(done);
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
fn names(done: &Decomposition) -> Vec<String> {
    let specs = done.specs().iter();
    specs.map(|spec| spec.component.to_string()).collect()
}

/// Mean over images of the length of the summed contributions of some components.
pub(super) fn mean_norm(
    stored: &Stored,
    components: &[usize],
    cancel: &Cancel,
) -> Result<f64, EngineError> {
    let dim = stored.dim();
    let (mut sum, mut images) = (0.0, 0);
    for part in 0..stored.parts() {
        cancel.check()?;
        let rows = read_kept(stored, part, Some(components), &every_image)?;
        let mut total = Tensor::zeros((rows.len(), dim), DType::F32, &Device::Cpu)?;
        for (slab, &component) in rows.slabs.iter().zip(components) {
            let width = stored.specs()[component].width;
            let map = Tensor::from_slice(stored.map(component), (width, dim), &Device::Cpu)?;
            let row = Tensor::from_slice(slab, (rows.len(), width), &Device::Cpu)?;
            total = (total + row.matmul(&map)?)?;
        }
        sum += f64::from(total.sqr()?.sum(1)?.sqrt()?.sum_all()?.to_scalar::<f32>()?);
        images += rows.len();
    }
    Ok(sum / images.max(1) as f64)
}
