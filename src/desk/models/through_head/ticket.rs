//! [`ThroughHead`]: the ticket to score what units contribute through a head.

use std::sync::Arc;

use super::sources::Sources;
use crate::analysis::{ScanResult, scan_scores};
use crate::contributions::{Contributions, every_image};
use crate::decompose::{Component, RowSpec};
use crate::desk::images::sample::sample;
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
use crate::store::ImageSet;

/// The most images that a second-order score is taken on.
const MOST: usize = 512;

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
        let stored = self.stored_unremarked(target)?;
        let keep = self.scored_images(target, asking.images)?;
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
        let (units, later) = before_head(&self.units, through.specs());
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

/// The units that have a part before the head, and how many have none.
fn before_head(units: &[Unit], specs: &[RowSpec]) -> (Vec<Unit>, usize) {
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
