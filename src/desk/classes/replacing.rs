//! What ablated contributions are replaced by, and the ticket to get it.

use std::sync::Arc;

use crate::analysis::{Instead, mean_rows};
use crate::desk::images::halves::Halves;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::{Desk, DeskError, Planner};

/// What an ablated contribution is replaced by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replacement {
    /// Its mean over the images that are not judged by.
    #[default]
    Mean,
    /// Nothing.
    Zero,
    /// That of another image, drawn with this seed.
    Resample(u64),
}

/// The right to what ablated contributions are replaced by.
pub struct ReplacedBy {
    replacement: Replacement,
    /// The rows that means are taken of.
    rows: Option<Rows>,
}

impl Planner<'_> {
    /// Plans what the contributions of components that are chosen when the statement runs are replaced by.
    ///
    /// # Errors
    /// None of its own.
    pub fn replaced_by(
        &mut self,
        replacement: Replacement,
        stored: &Arc<Stored>,
        halves: &Halves,
    ) -> Result<ReplacedBy, DeskError> {
        let rows = match replacement {
            Replacement::Mean => Some(self.step("compute: mean rows, in one pass", |planner| {
                let whose = "the components ablated and of the random control";
                Ok(planner.chosen_rows(stored, whose, halves.fit.clone()))
            })?),
            Replacement::Zero => {
                self.says("nothing in place of what is ablated");
                None
            }
            Replacement::Resample(_) => {
                self.says("rows of other images in place of what is ablated");
                None
            }
        };
        Ok(ReplacedBy { replacement, rows })
    }

    /// Plans to replace contributions of any component by their means, which are taken of all of them at once.
    ///
    /// # Errors
    /// None of its own.
    pub fn replaced_by_means(
        &mut self,
        stored: &Arc<Stored>,
        halves: &Halves,
    ) -> Result<ReplacedBy, DeskError> {
        let rows = self.step("compute: mean rows", |planner| {
            Ok(planner.all_rows(stored, halves.fit.clone()))
        })?;
        Ok(ReplacedBy {
            replacement: Replacement::Mean,
            rows: Some(rows),
        })
    }
}

impl ReplacedBy {
    /// What the contributions of the components of any of `variants` are replaced by: means come from the images to fit on.
    ///
    /// # Errors
    /// When rows can't be read; [`DeskError::Cancelled`].
    pub fn instead(&self, variants: &[Vec<usize>], desk: &Desk<'_>) -> Result<Instead, DeskError> {
        Ok(match (self.replacement, &self.rows) {
            (Replacement::Mean, Some(rows)) => Instead::Means(mean_rows(
                &rows.open()?,
                &each_once(variants),
                &rows.keeps(),
                desk.cancel,
                desk.progress,
            )?),
            (Replacement::Resample(seed), _) => Instead::Resampled(seed),
            _ => Instead::Zero,
        })
    }
}

/// The components of some choices, each once, in order.
fn each_once(choices: &[Vec<usize>]) -> Vec<usize> {
    let mut all = choices.concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// What ablated contributions were replaced by, in words.
#[must_use]
pub fn replaced(replacement: Replacement) -> &'static str {
    match replacement {
        Replacement::Mean => "ablated contributions are replaced by their means",
        Replacement::Zero => "ablated contributions are left out",
        Replacement::Resample(_) => "ablated contributions are replaced by those of another image",
    }
}
