//! Which images classifiers are fitted on and which they are judged by.

use crate::align::Random;
use crate::desk::images::split::Split;
use crate::desk::tables::wording::how_many;
use crate::desk::{DeskError, Planner};
use crate::lang::filter::Filter;
use crate::lang::query::Target;
use crate::store::ImageSet;

/// Which images are for what.
pub struct Halves {
    /// By image id: whether classifiers and means are taken from it.
    pub fit: Vec<bool>,
    /// By image id: whether it is judged by.
    pub judged: Vec<bool>,
    /// What was done, for the reader.
    pub note: String,
}

impl Planner<'_> {
    /// The images to fit on and those to judge by, which are never the same: by the set's column `split`, or else a
    /// random half each.
    ///
    /// # Errors
    /// When one of the halves is empty.
    pub fn halves(
        &self,
        target: &Target,
        set: &ImageSet,
        images: Option<&Filter>,
        seed: u64,
    ) -> Result<Halves, DeskError> {
        let split = Split::of(set.frame());
        let mut judged = self.scored_images(target, images)?;
        let mut fit: Vec<bool> = (0..set.len() as u32).map(|id| split.fits(id)).collect();
        if !split.is_known() {
            let mut ids: Vec<usize> = (0..set.len()).collect();
            Random::new(seed).shuffle(&mut ids);
            for (place, id) in ids.into_iter().enumerate() {
                let to_fit = place < set.len() / 2;
                fit[id] = to_fit;
                judged[id] &= !to_fit;
            }
        }
        fit.iter_mut()
            .zip(&judged)
            .for_each(|(fit, judged)| *fit &= !judged);
        let (fitted, judges) = (how_many(&fit), how_many(&judged));
        if fitted == 0 || judges == 0 {
            return Err(DeskError::refused(
                format!(
                    "{fitted} images of {} are left to fit on and {judges} to judge by",
                    set.name()
                ),
                "let the condition leave some of both splits",
            ));
        }
        let how = match split.is_known() {
            true => "by its column `split`",
            false => "a random half each, as the set has no column `split`",
        };
        let note = format!(
            "judged by {judges} images of {}; classifiers and means come from {fitted} others ({how})",
            set.name()
        );
        Ok(Halves { fit, judged, note })
    }
}
