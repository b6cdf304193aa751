//! Which images of a set scores are taken on: those that the split leaves for them and a condition lets in.

use crate::desk::tables::conditions::filter_frame;
use crate::desk::{DeskError, Planner};
use crate::lang::filter::Filter;
use crate::lang::query::Target;

impl Planner<'_> {
    /// Which images of a target's set take part in scores, by id: those they are taken on, that satisfy the condition.
    ///
    /// # Errors
    /// When there is no such set, or its table is not whole.
    pub fn scored_images(
        &self,
        target: &Target,
        filter: Option<&Filter>,
    ) -> Result<Vec<bool>, DeskError> {
        let images = self.set_info(&target.set)?.rows;
        let split = self.split(&target.set)?;
        let mut keep: Vec<bool> = (0..images as u32).map(|id| split.scores(id)).collect();
        if let Some(filter) = filter {
            let metadata = self.shelf.store.metadata(&target.set, &filter.columns())?;
            let satisfied = filter_frame(&metadata, filter)?;
            // A condition that speaks of the split itself decides alone.
            let decides = filter.columns().contains(&"split");
            for (keep, satisfied) in keep.iter_mut().zip(satisfied) {
                *keep = satisfied && (*keep || decides);
            }
        }
        Ok(keep)
    }
}
