//! `align`: fits the maps into CLIP's space on stored contributions, and gathers the moments that scores need.

use super::scores::{Split, Stored, StoredTargets};
use super::{Desk, EngineError, threads};
use crate::align::{self, Alignment, FitOptions, FitReport};
use crate::contributions::Contributions;
use crate::engine::frames::{frame, numbers, texts};
use crate::interface::answer::Answer;

/// Representations narrower than this are fitted on one thread: splitting products that small over cores takes many
/// times longer than computing them.
const PARALLEL_FROM: usize = 512;

/// Below this cosine on held-out images, an answer through the alignment warns.
pub(super) const POOR: f64 = 0.5;

impl Desk<'_> {
    /// Fits the alignment of `model` to `clip` on `set`.
    pub(super) fn align(
        &mut self,
        model: &str,
        clip: &str,
        set: &str,
        lambda: Option<f64>,
        seed: Option<u64>,
    ) -> Result<Answer, EngineError> {
        let stored = self.stored(model, set)?;
        let targets = StoredTargets(self.store.decomposition(clip, set)?);
        let split = self.split(set)?;
        let mut options = FitOptions::default();
        options.lambda = lambda.unwrap_or(options.lambda);
        options.seed = seed.unwrap_or(options.seed);
        let fitted = self.fit(&stored, &targets, &split, &options)?;
        self.keep_alignment(&stored, clip, &fitted)?;
        self.library.forget_scorings();
        self.scoring(stored.decomposition(), clip)?;
        let report = fitted.report.as_ref().expect("a fit reports");
        Ok(Answer {
            title: Some(format!("{model} aligned to {clip} on {set}")),
            frame: table(report)?,
            notes: notes(report, &split),
            ..Answer::default()
        })
    }

    /// Fits on the images that are there to fit on.
    pub(super) fn fit(
        &self,
        stored: &Stored,
        targets: &StoredTargets,
        split: &Split,
        options: &FitOptions,
    ) -> Result<Alignment, EngineError> {
        // An image that either model could not read has no pair.
        let paired = paired(stored, targets)?;
        let keep = |id: u32| split.fits(id) && paired.binary_search(&id).is_ok();
        let (cancel, progress) = (self.cancel, self.progress);
        let fit = || align::fit(stored, targets, &keep, options, cancel, progress);
        Ok(if stored.dim() < PARALLEL_FROM {
            threads::one()?.install(fit)?
        } else {
            fit()?
        })
    }
}

/// Ids of the images that both decompositions hold, sorted.
fn paired(stored: &dyn Contributions, targets: &StoredTargets) -> Result<Vec<u32>, EngineError> {
    let mut ids = Vec::new();
    for part in 0..targets.0.parts() {
        ids.extend_from_slice(targets.0.part(part)?.ids());
    }
    let mut paired = Vec::new();
    for part in 0..stored.parts() {
        let own = stored.ids(part)?;
        paired.extend(own.iter().filter(|id| ids.binary_search(id).is_ok()));
    }
    Ok(paired)
}

fn table(report: &FitReport) -> Result<polars::prelude::DataFrame, EngineError> {
    let rows = [
        ("cosine on held-out images", report.held_out_cosine),
        ("cosine of the mean image", report.baseline_cosine),
        ("orthogonality penalty", report.penalty),
        ("lambda", report.options.lambda),
        ("images fitted on", report.images as f64),
        ("images held out", report.held_out_images as f64),
        ("epochs", report.best_epoch as f64),
    ];
    Ok(frame(vec![
        texts("measure", rows.iter().map(|(name, _)| *name)),
        numbers("value", rows.iter().map(|(_, value)| *value)),
    ])?)
}

fn notes(report: &FitReport, split: &Split) -> Vec<String> {
    let mut notes = Vec::new();
    if !split.is_known() {
        notes.push(
            "the set has no column `split` that keeps images apart, so scores will be taken on the images of the fit"
                .to_owned(),
        );
    }
    if report.held_out_cosine < POOR {
        notes.push(format!(
            "the alignment is poor (held-out cosine {:.2}); rankings through it say little",
            report.held_out_cosine
        ));
    }
    notes
}
