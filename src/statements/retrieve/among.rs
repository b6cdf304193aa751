//! Among which images others are looked for, and by which components.

use std::sync::Arc;

use crate::desk::plan::count_of;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::units::selection::{ChosenOf, of_named};
use crate::desk::{DeskError, Planner};
use crate::lang::query::{Selection, Target};

/// What is called so in plans until the statement runs.
const CHOSEN: &str = "the chosen components";

/// Stored contributions, which images may be found by them, and whose.
pub(super) struct Among<'q> {
    /// The model, and the images.
    pub target: &'q Target,
    /// Its contributions.
    pub stored: &'q Arc<Stored>,
    /// Which images may be found, by id.
    pub keep: Vec<bool>,
    /// The components that are used, if not all.
    pub using: Option<&'q Selection>,
    /// Those that are left out.
    pub without: Option<&'q Selection>,
}

/// Which components are chosen, as far as the plan knows.
pub(super) enum Which {
    /// All that are stored.
    All,
    /// Those at these positions: the statement names them itself.
    Named(Vec<usize>),
    /// Some that are known only when the statement runs: by score, by chance, by a result, or what others leave.
    ChosenLater,
}

impl Among<'_> {
    /// Plans to choose the components.
    pub fn choose(&self, planner: &mut Planner<'_>) -> Result<ChosenOf, DeskError> {
        planner.chosen(self.using, self.without, self.target, self.stored)
    }

    /// Which components are chosen.
    ///
    /// # Errors
    /// When one that is named is not stored.
    pub fn which(&self) -> Result<Which, DeskError> {
        let specs = self.stored.specs();
        let (Some(using), without) = (self.using, self.without) else {
            return Ok(match self.without {
                None => Which::All,
                Some(_) => Which::ChosenLater,
            });
        };
        let named = of_named(specs, using)?;
        let left_out = without.map_or(Ok(Some(Vec::new())), |without| of_named(specs, without))?;
        Ok(match (named, left_out) {
            (Some(mut named), Some(left_out)) => {
                named.retain(|component| !left_out.contains(component));
                Which::Named(named)
            }
            _ => Which::ChosenLater,
        })
    }

    /// Plans to read the rows of these components.
    pub fn rows(self, which: &Which, planner: &mut Planner<'_>) -> Rows {
        match which {
            Which::All => planner.all_rows(self.stored, self.keep),
            Which::Named(components) => {
                let whose = count_of(components.len(), "component");
                planner.rows_of(self.stored, components, &whose, self.keep)
            }
            Which::ChosenLater => planner.chosen_rows(self.stored, CHOSEN, self.keep),
        }
    }

    /// Plans to read representations, and the rows of these components, which are taken from them.
    pub fn representations_less(self, components: &[usize], planner: &mut Planner<'_>) -> Rows {
        if components.is_empty() {
            return planner.representations(self.stored, self.keep);
        }
        let whose = count_of(components.len(), "component");
        planner.rows_and_representations(self.stored, components, &whose, self.keep)
    }
}
