//! How right class heads are when components are ablated, and how much of a representation is left.

use crate::analysis::{Ablated, Instead, Labels, Linear, ablate, greatest};
use crate::desk::stored::rows::Rows;
use crate::desk::{Desk, DeskError};

/// What is ablated, and what of it is asked.
pub struct Trial<'t> {
    /// What is judged on.
    pub rows: &'t Rows,
    /// The components that are ablated, by variant.
    pub variants: &'t [Vec<usize>],
    /// What is in their place.
    pub instead: &'t Instead,
}

impl Trial<'_> {
    /// Images and those told right, `[variant][group]`. `group` says which of `groups` groups an image is judged in.
    ///
    /// # Errors
    /// When rows can't be read; [`DeskError::Cancelled`].
    pub fn tallies(
        &self,
        head: &Linear<'_>,
        labels: &Labels,
        groups: usize,
        group: &dyn Fn(u32) -> Option<usize>,
        desk: &Desk<'_>,
    ) -> Result<Vec<Vec<(u64, u64)>>, DeskError> {
        let mut tallies = vec![vec![(0, 0); groups]; self.variants.len()];
        let mut visit = |seen: &Ablated<'_>| {
            for (&id, scores) in seen.ids.iter().zip(seen.values.chunks_exact(head.width)) {
                if let (Some(class), Some(group)) = (labels.of(id), group(id)) {
                    let told = greatest(scores.iter().copied());
                    let tally = &mut tallies[seen.variant][group];
                    *tally = (tally.0 + 1, tally.1 + u64::from(told == class));
                }
            }
        };
        self.each(head, &mut visit, desk)?;
        Ok(tallies)
    }

    /// The share of images told right, by variant.
    ///
    /// # Errors
    /// As [`Self::tallies`].
    pub fn accuracies(
        &self,
        head: &Linear<'_>,
        labels: &Labels,
        desk: &Desk<'_>,
    ) -> Result<Vec<f64>, DeskError> {
        let one = |_: u32| Some(0);
        let tallies = self.tallies(head, labels, 1, &one, desk)?;
        Ok(tallies.iter().map(|groups| share(groups[0])).collect())
    }

    /// The mean over images of the cosine of what is left with the whole representation, by variant. An image of which
    /// nothing is left counts 0.
    ///
    /// # Errors
    /// As [`Self::tallies`].
    pub fn similarities(&self, desk: &Desk<'_>) -> Result<Vec<f64>, DeskError> {
        let rows = self.rows.open()?;
        let linear = Linear::identity(&rows);
        let mut sums = vec![(0.0, 0u64); self.variants.len()];
        let mut visit = |seen: &Ablated<'_>| {
            let rows = seen.whole.chunks_exact(linear.width);
            for (whole, left) in rows.zip(seen.values.chunks_exact(linear.width)) {
                let sum = &mut sums[seen.variant];
                *sum = (sum.0 + cosine(whole, left), sum.1 + 1);
            }
        };
        self.each(&linear, &mut visit, desk)?;
        Ok(sums
            .into_iter()
            .map(|(sum, images)| sum / images.max(1) as f64)
            .collect())
    }

    fn each(
        &self,
        linear: &Linear<'_>,
        visit: &mut dyn FnMut(&Ablated<'_>),
        desk: &Desk<'_>,
    ) -> Result<(), DeskError> {
        let (rows, keep) = (self.rows.open()?, self.rows.keeps());
        let (variants, instead) = (self.variants, self.instead);
        let (cancel, progress) = (desk.cancel, desk.progress);
        Ok(ablate(
            &rows, linear, variants, instead, &keep, cancel, progress, visit,
        )?)
    }
}

/// The share of images told right; 0 without images.
#[must_use]
pub fn share((images, right): (u64, u64)) -> f64 {
    right as f64 / images.max(1) as f64
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}
