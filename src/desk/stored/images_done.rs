//! What earlier runs of a decomposition left, to go on from.

use crate::desk::{DeskError, Planner};
use crate::kernels::Numbers;
use crate::lang::query::Target;
use crate::store::Precision;

impl Planner<'_> {
    /// How many images of a set are decomposed already into so many components, their rows stored like this and their
    /// forward pass in these numbers; those that could not be read count. What is stored otherwise, or is of another model
    /// or set than there is now, is begun anew.
    ///
    /// # Errors
    /// When the store can't be listed.
    pub fn images_done(
        &self,
        target: &Target,
        components: usize,
        precision: Precision,
        forward: Numbers,
    ) -> Result<usize, DeskError> {
        let all = self.shelf.store.decompositions()?;
        let found = all.into_iter().find(|entry| {
            let manifest = &entry.manifest;
            let same = manifest.model == target.model && manifest.set == target.set;
            let alike = manifest.components.len() == components
                && manifest.precision == precision
                && manifest.forward == forward;
            entry.stale.is_none() && same && alike
        });
        Ok(found.map_or(0, |entry| entry.manifest.covered()))
    }
}
