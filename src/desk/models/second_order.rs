//! `rank … via head L.H`: what earlier components contribute *through* a head.
//!
//! Only first-order rows are stored, so the model runs again, on a sample of the images that scores are taken on. What the
//! sources contribute through a head sums to the head's own contribution: that is the total which scores are taken
//! against, and the head's own map carries it into CLIP's space.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use candle_core::{Device, Tensor};
use rayon::ThreadPool;

use crate::align::{Aligned, Alignment};
use crate::analysis::{ScanResult, scan_scores};
use crate::contributions::{Contributions, ReadError, Slab, every_image};
use crate::decompose::{Component, RowSpec, Rows, Through};
use crate::desk::cores::workers::{spread, workers};
use crate::desk::models::loaded::LoadedModel;
use crate::desk::models::passes::Passes;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::notes::note_alignment;
use crate::desk::tables::wording::how_many;
use crate::desk::texts::embeddings::Texts;
use crate::desk::units::groups::groups;
use crate::desk::units::scores::{Asking, bases, kind};
use crate::desk::{Desk, DeskError, Planner};
use crate::kernels::Numbers;
use crate::lang::query::{Concept, Prompt, Score, Target, Unit};
use crate::linalg::{matrix_of, product, values};
use crate::store::{ImageSet, StoreError};

/// The most images that a second-order score is taken on.
pub const MOST: usize = 512;

/// Images that are worked on between two steps of the progress: fixed, so that sums do not depend on the machine.
const PART: usize = 32;

/// The right to score what units contribute through a head.
pub struct ThroughHead {
    head: Component,
    target: Target,
    prompt: Prompt,
    score: Score,
    units: Vec<Unit>,
    stored: Arc<Stored>,
    images: Arc<ImageSet>,
    /// Which images scores are taken on.
    keep: Vec<bool>,
    /// Whether the set says which images are apart from those of the fit.
    apart: bool,
    passes: Passes,
    texts: Texts,
    alignment: AlignmentTo,
}

/// Scores of what units contribute through a head.
pub struct ThroughScores {
    /// The units that come before the head.
    pub units: Vec<Unit>,
    /// By unit and concept.
    pub scores: Vec<Vec<f64>>,
    /// What they rest on; each a sentence.
    pub notes: Vec<String>,
}

impl Planner<'_> {
    /// Plans to score what units contribute through `head`.
    ///
    /// # Errors
    /// When what that rests on is not there.
    pub fn through_head(
        &mut self,
        asking: &Asking<'_>,
        head: Component,
    ) -> Result<ThroughHead, DeskError> {
        let target = asking.target;
        let stored = self.stored(target)?;
        let keep = self.images(target, asking.images)?;
        let words = format!(
            "compute: a forward pass of each of {} images of {}, as what goes through a head is not stored",
            how_many(&keep).min(MOST),
            target.set
        );
        Ok(ThroughHead {
            head,
            score: asking.score,
            units: asking.units.to_vec(),
            images: self.set(&target.set)?,
            apart: self.split(&target.set)?.is_known(),
            passes: self.passes(words, &target.model, Numbers::F32),
            texts: self.concepts(asking.prompt, asking.concepts)?,
            alignment: self.alignment(&stored, &asking.prompt.clip)?,
            target: target.clone(),
            prompt: asking.prompt.clone(),
            stored,
            keep,
        })
    }
}

impl ThroughHead {
    /// The scores, one column per concept.
    ///
    /// # Errors
    /// When none of the units comes before the head; [`DeskError::Cancelled`].
    pub fn run(
        self,
        concepts: &[Concept],
        desk: &mut Desk<'_>,
    ) -> Result<ThroughScores, DeskError> {
        let (model, head) = (&self.target.model, self.head);
        let bases = bases(&self.texts.embed(desk)?, concepts, self.score);
        let mut alignment = self.alignment.fitted(desk)?;
        let place = position(self.stored.specs(), head, model)?;
        if !alignment.is_identity() {
            alignment.maps = vec![alignment.maps.swap_remove(place)];
        }
        let ids = sample(&self.keep, MOST);
        let loaded = self.passes.model(desk)?;
        let through = loaded.decomposer.through(head)?;
        let (units, later) = sources(&self.units, through.specs());
        if units.is_empty() {
            return Err(DeskError::refused(
                format!(
                    "none of these units comes before {head}, so nothing of theirs goes through it"
                ),
                "name units of earlier layers, or a later head after `via`",
            ));
        }
        let stop = || desk.cancel.requested();
        let sources = Sources::new(&loaded, through, &self.images, ids, &stop)?;
        let aligned = sources.aligned(&alignment);
        let groups = groups(sources.specs(), &units)?;
        let found = scan_scores(
            &sources,
            &aligned,
            &groups,
            &bases,
            kind(self.score),
            &every_image,
            desk.cancel,
            desk.progress,
        );
        // A part that was left unfinished because of a cancellation says so in its own way.
        desk.cancel.check()?;
        let ScanResult { scores, images } = found?;
        let mut notes = vec![format!(
            "{model}: what goes through {head}, against the whole of it: {head}'s own contribution, to which all sources \
             sum; {images} of the {} images of {} that scores are taken on, a forward pass each{}",
            how_many(&self.keep),
            self.target.set,
            if self.apart || *model == self.prompt.clip {
                ""
            } else {
                ", which the alignment was fitted on"
            }
        )];
        if later > 0 {
            notes.push(format!(
                "{later} units of {model} do not come before {head} and are left out"
            ));
        }
        let held_out = alignment.report.map(|report| report.held_out_cosine);
        note_alignment(
            model,
            &self.prompt.clip,
            held_out,
            "its ranking says",
            &mut notes,
        );
        Ok(ThroughScores {
            units,
            scores,
            notes,
        })
    }
}

fn position(specs: &[RowSpec], head: Component, model: &str) -> Result<usize, DeskError> {
    let place = specs.iter().position(|spec| spec.component == head);
    place.ok_or_else(|| {
        DeskError::refused(
            format!("{head} is not stored with this decomposition of {model}"),
            "decompose all of its layers, without `layers last`",
        )
    })
}

/// At most `most` of the images that take part, spread evenly over them.
pub fn sample(keep: &[bool], most: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..keep.len()).filter(|&id| keep[id]).collect();
    let count = all.len().min(most);
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

/// The units that have a part before the head, and how many have none.
fn sources(units: &[Unit], specs: &[RowSpec]) -> (Vec<Unit>, usize) {
    let before = |unit: &&Unit| match unit {
        Unit::Component(component) => specs.iter().any(|spec| spec.component == *component),
        Unit::Layer(_) => groups(specs, std::slice::from_ref(*unit)).is_ok(),
        // Refused with a sentence of its own, where the groups are made.
        Unit::Neurons { .. } | Unit::Tokens => true,
    };
    let kept: Vec<Unit> = units.iter().filter(before).copied().collect();
    let later = units.len() - kept.len();
    (kept, later)
}

/// Contributions through a head, made part by part when they are first read, and kept: rows are small.
struct Sources<'a> {
    loaded: &'a LoadedModel,
    through: Through<'a>,
    images: &'a ImageSet,
    ids: Vec<usize>,
    maps: Vec<Vec<f32>>,
    dim: usize,
    parts: Vec<OnceLock<Rows>>,
    /// Who makes a part.
    workers: Mutex<Vec<ThreadPool>>,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Sources<'a> {
    fn new(
        loaded: &'a LoadedModel,
        through: Through<'a>,
        images: &'a ImageSet,
        ids: Vec<usize>,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Result<Self, DeskError> {
        let maps = through.maps().iter();
        let maps = maps.map(|map| map.flatten_all()?.to_vec1());
        Ok(Self {
            maps: maps.collect::<candle_core::Result<_>>()?,
            dim: loaded.decomposer.dim()?,
            parts: ids.chunks(PART).map(|_| OnceLock::new()).collect(),
            workers: Mutex::new(workers()?),
            loaded,
            through,
            images,
            ids,
            stop,
        })
    }

    /// Every source through the map of the head, the only one of the alignment, into CLIP's space. The bias of the alignment
    /// belongs to the whole representation.
    fn aligned(&self, alignment: &Alignment) -> Aligned {
        let (dim, width) = (alignment.dim, alignment.width);
        let carried = |map: &Vec<f32>| match alignment.is_identity() {
            true => map.clone().into(),
            false => {
                let map = matrix_of(map, map.len() / dim, dim);
                values::<f32>(&product(&map, &matrix_of(&alignment.maps[0], dim, width))).into()
            }
        };
        Aligned {
            dim: width,
            widths: self.specs().iter().map(|spec| spec.width).collect(),
            maps: self.maps.iter().map(carried).collect(),
            bias: vec![0.0; width],
        }
    }

    /// The rows of image `id`; none if it can't be read.
    fn rows(&self, id: usize) -> Result<Rows, DeskError> {
        let picture = match self.images.decode(id) {
            Ok(picture) => picture,
            Err(StoreError::Image { .. }) => return Ok(Rows::default()),
            Err(error) => return Err(error.into()),
        };
        let (height, width) = self.loaded.decomposer.image_size();
        let pixels = self.loaded.checkpoint.preprocess.apply(&picture);
        let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu)?;
        Ok(self.through.rows(&pixels, vec![id as u32])?)
    }

    /// The rows of all sources for a part's images.
    fn part(&self, part: usize) -> Result<&Rows, ReadError> {
        if let Some(rows) = self.parts[part].get() {
            return Ok(rows);
        }
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = self.parts[part].get() {
            return Ok(rows); // made while this waited
        }
        let ids = self.ids.chunks(PART).nth(part).unwrap_or_default();
        let found = spread(&workers, ids, &|| !(self.stop)(), &|id| self.rows(id))
            .map_err(|error| ReadError(Box::new(error)))?;
        let mut rows = Rows {
            slabs: vec![Vec::new(); self.specs().len()],
            ..Rows::default()
        };
        for image in found.into_iter().filter(|image| !image.is_empty()) {
            rows.append(image);
        }
        Ok(self.parts[part].get_or_init(|| rows))
    }
}

impl Contributions for Sources<'_> {
    fn specs(&self) -> &[RowSpec] {
        self.through.specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        &self.maps[component]
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn parts(&self) -> usize {
        self.parts.len()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        Ok(Cow::Borrowed(&self.part(part)?.ids))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        Ok(Cow::Borrowed(&self.part(part)?.z))
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        Ok(Slab::Single(&self.part(part)?.slabs[component]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_images_that_take_part() {
        let few: Vec<bool> = (0..10).map(|id| id % 2 == 1).collect();
        assert_eq!(sample(&few, MOST), [1, 3, 5, 7, 9]);
        let many = sample(&vec![true; 4 * MOST], MOST);
        assert_eq!(many.len(), MOST);
        assert!(many.iter().enumerate().all(|(i, id)| *id == 4 * i));
        assert_eq!(sample(&[false; 3], MOST), Vec::<usize>::new());
    }
}
