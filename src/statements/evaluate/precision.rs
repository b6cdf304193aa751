//! Precision of retrieval by text: how many of the images found first are of the class looked for.

use std::collections::HashMap;

use crate::analysis::{Ablated, Best, Instead, Labels, Linear, ablate};
use crate::desk::stored::rows::Rows;
use crate::desk::{Desk, DeskError};

/// Images that are looked through, and what is known about them.
pub(super) struct Images<'t> {
    /// What is read of them.
    pub rows: &'t Rows,
    /// The classes.
    pub labels: &'t Labels,
    /// How many of the images found first count.
    pub among: usize,
}

impl Images<'_> {
    /// Precision among the first images found for each class, the mean over classes, by choice of components.
    pub fn precisions(
        &self,
        texts: &Linear<'_>,
        choices: &[&Vec<usize>],
        desk: &Desk<'_>,
    ) -> Result<Vec<f64>, DeskError> {
        // What a choice contributes is what is left when all others are gone.
        let others = |choice: &&Vec<usize>| {
            let all = 0..self.rows.stored().specs().len();
            all.filter(|i| !choice.contains(i)).collect::<Vec<usize>>()
        };
        let variants: Vec<Vec<usize>> = choices.iter().map(others).collect();
        let classes = self.labels.classes.len();
        let mut best: HashMap<(usize, usize), Best> = HashMap::new();
        let mut visit = |seen: &Ablated<'_>| {
            for (&id, scores) in seen.ids.iter().zip(seen.values.chunks_exact(classes)) {
                for (class, &score) in scores.iter().enumerate() {
                    let found = best
                        .entry((seen.variant, class))
                        .or_insert_with(|| Best::new(self.among));
                    found.see(id, f64::from(score));
                }
            }
        };
        let keep = self.rows.keeps();
        ablate(
            &self.rows.open()?,
            texts,
            &variants,
            &Instead::Zero,
            &|id| keep(id) && self.labels.of(id).is_some(),
            desk.cancel,
            desk.progress,
            &mut visit,
        )?;
        Ok(self.means(best, choices.len()))
    }

    /// The mean over classes of the share of images found that are of the class, by choice.
    fn means(&self, best: HashMap<(usize, usize), Best>, choices: usize) -> Vec<f64> {
        let there = self.counts();
        let mut sums = vec![(0.0, 0); choices];
        for ((choice, class), found) in best {
            let possible = self.among.min(there[class]);
            if possible > 0 {
                let found = found.in_order();
                let right = found
                    .iter()
                    .filter(|found| self.labels.of(found.id) == Some(class))
                    .count();
                sums[choice].0 += right as f64 / possible as f64;
                sums[choice].1 += 1;
            }
        }
        sums.into_iter()
            .map(|(sum, n)| sum / f64::from(n.max(1)))
            .collect()
    }

    /// The precision of images drawn at random: the mean share of a class.
    pub fn chance(&self) -> f64 {
        let counts = self.counts();
        let classes = counts.iter().filter(|count| **count > 0).count();
        1.0 / classes.max(1) as f64
    }

    /// How many images that take part each class has.
    fn counts(&self) -> Vec<usize> {
        let (labels, keep) = (self.labels, self.rows.images());
        let mut counts = vec![0; labels.classes.len()];
        for id in (0..keep.len()).filter(|&id| keep[id]) {
            if let Some(class) = labels.of(id as u32) {
                counts[class] += 1;
            }
        }
        counts
    }
}
