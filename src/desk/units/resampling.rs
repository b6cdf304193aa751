//! Scores over again on resampled images, to say how far they depend on those that happened to be there.

use std::sync::Arc;

use crate::align::Random;
use crate::analysis::{Group, Replicate, ScoreKind, resampled_scores};
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::units::groups::groups;
use crate::desk::units::scores::{Asking, kind};
use crate::desk::{Desk, DeskError, Planner};

/// Share of the replicates that an interval holds.
pub const SHARE: f64 = 0.9;

/// The right to score units over again on resampled images.
pub struct Resampled {
    groups: Vec<Group>,
    kind: ScoreKind,
    rows: Rows,
    alignment: AlignmentTo,
}

impl Planner<'_> {
    /// Plans to score units over again in one pass; `draws` says with what: `50 draws of the images`.
    ///
    /// # Errors
    /// When a unit is not stored, or what scores rest on is not there.
    pub fn resampled(
        &mut self,
        draws: &str,
        asking: &Asking<'_>,
        stored: &Arc<Stored>,
    ) -> Result<Resampled, DeskError> {
        let groups = groups(stored.specs(), asking.units)?;
        let words = format!("compute: scores over again in one pass, with {draws}");
        self.step(words, |planner| {
            let keep = planner.scored_images(asking.target, asking.images)?;
            Ok(Resampled {
                groups,
                kind: kind(asking.score),
                rows: planner.all_rows(stored, keep),
                alignment: planner.alignment(stored, &asking.prompt.clip)?,
            })
        })
    }
}

impl Resampled {
    /// Scores of the units in each replicate, `[replicate][unit]`.
    ///
    /// # Errors
    /// When rows can't be read; [`DeskError::Cancelled`].
    pub fn run(
        &self,
        replicates: &[Replicate],
        desk: &Desk<'_>,
    ) -> Result<Vec<Vec<f64>>, DeskError> {
        let aligned = self.alignment.carried(desk)?.aligned;
        Ok(resampled_scores(
            &self.rows.open()?,
            &aligned,
            &self.groups,
            replicates,
            self.kind,
            &self.rows.keeps(),
            desk.cancel,
            desk.progress,
        )?)
    }
}

/// The draws of a seed.
#[must_use]
pub fn draws(seed: u64, count: usize) -> Vec<u64> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.next_u64()).collect()
}
