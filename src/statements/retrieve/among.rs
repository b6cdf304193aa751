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

impl Among<'_> {
    /// Plans to choose the components.
    pub fn choose(&self, planner: &mut Planner<'_>) -> Result<ChosenOf, DeskError> {
        planner.chosen(self.using, self.without, self.target, self.stored)
    }

    /// The components that are chosen, where they are named themselves.
    pub fn named(&self) -> Result<Option<Vec<usize>>, DeskError> {
        let specs = self.stored.specs();
        let of = |selection: Option<&Selection>| match selection {
            Some(selection) => of_named(specs, selection),
            None => Ok(Some(Vec::new())),
        };
        let (Some(_), Some(mut named), Some(left_out)) =
            (self.using, of(self.using)?, of(self.without)?)
        else {
            return Ok(None);
        };
        named.retain(|component| !left_out.contains(component));
        Ok(Some(named))
    }

    /// Plans to read the rows of these components, or of those that will be chosen.
    pub fn rows(self, components: Option<&[usize]>, planner: &mut Planner<'_>) -> Rows {
        match components {
            Some(components) => {
                let whose = count_of(components.len(), "component");
                planner.rows_of(self.stored, components, &whose, self.keep)
            }
            None => planner.chosen_rows(self.stored, CHOSEN, self.keep),
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
