//! Fits of a model's maps into the space of a CLIP: what `align` keeps one of, and `sweep` compares several of.

use std::sync::Arc;

use crate::align::{self, Alignment, FitOptions};
use crate::contributions::Contributions;
use crate::desk::cores::threads;
use crate::desk::images::split::Split;
use crate::desk::stored::clip_embeddings::ImageEmbeddings;
use crate::desk::stored::clip_embeddings::StoredTargets;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::{PlannedRows, Rows};
use crate::desk::{Desk, DeskError, Planner};

/// Representations narrower than this are fitted on one thread: splitting products that small over cores takes many
/// times longer than computing them.
const PARALLEL_FROM: usize = 512;

/// The right to fit maps.
pub(super) struct Fits {
    rows: Rows,
    embeddings: ImageEmbeddings,
    split: Arc<Split>,
}

impl Fits {
    /// Plans to fit maps into the space of a CLIP.
    pub fn plan(
        stored: &Arc<Stored>,
        clip: &str,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        Ok(Self {
            rows: planner.rows_in_epochs(stored)?,
            embeddings: planner.image_embeddings(clip, stored.set()),
            split: planner.split(stored.set())?,
        })
    }

    /// Opens what maps are fitted on and to.
    pub fn open(&self, desk: &Desk<'_>) -> Result<Fitting<'_>, DeskError> {
        Ok(Fitting {
            rows: self.rows.open()?,
            targets: self.embeddings.open(desk)?,
            split: &self.split,
        })
    }
}

/// What maps are fitted on and to.
pub(super) struct Fitting<'a> {
    /// The rows of all components.
    pub rows: PlannedRows<'a>,
    targets: StoredTargets,
    /// Which images are there to fit on.
    pub split: &'a Split,
}

impl Fitting<'_> {
    /// Fits on the images that are there to fit on.
    pub fn fit(&self, options: &FitOptions, desk: &Desk<'_>) -> Result<Alignment, DeskError> {
        // An image that either model could not read has no pair.
        let paired = paired(&self.rows, &self.targets)?;
        let keep = |id: u32| self.split.fits(id) && paired.binary_search(&id).is_ok();
        let (cancel, progress) = (desk.cancel, desk.progress);
        let fit = || align::fit(&self.rows, &self.targets, &keep, options, cancel, progress);
        Ok(if self.rows.dim() < PARALLEL_FROM {
            threads::one()?.install(fit)?
        } else {
            fit()?
        })
    }
}

/// Ids of the images that both decompositions hold, sorted.
fn paired(rows: &dyn Contributions, targets: &StoredTargets) -> Result<Vec<u32>, DeskError> {
    let ids = targets.ids()?;
    let mut paired = Vec::new();
    for part in 0..rows.parts() {
        let own = rows.ids(part)?;
        paired.extend(own.iter().filter(|id| ids.binary_search(id).is_ok()));
    }
    Ok(paired)
}
