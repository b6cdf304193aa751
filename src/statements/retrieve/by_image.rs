//! [`ByImage`]: the ticket to look for images like another one.

use super::among::{Among, Which};
use super::answer::Retrieved;
use super::specific_heads::{Property, SpecificHeads};
use crate::analysis::{Summed, most_alike};
use crate::desk::stored::image_rows::ImageRows;
use crate::desk::stored::rows::Rows;
use crate::desk::units::selection::ChosenOf;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Captioned;
use crate::lang::query::{Concept, Image};

/// The right to look for images like a probe.
pub(super) struct ByImage {
    probe: ImageRows,
    by: By,
    rows: Rows,
    /// What they are to be alike in, as titles say it: ` by color`.
    respect: String,
}

/// How components are chosen.
enum By {
    /// By name, by score, by chance.
    Selection(ChosenOf),
    /// As the heads most specific to a property.
    Specific(Box<SpecificHeads>),
}

impl ByImage {
    /// Plans it.
    pub fn plan(
        image: &Image,
        property: Option<&Property>,
        among: Among<'_>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let probe = planner.image_rows("the probe", image, among.stored)?;
        let (by, rows) = match property {
            Some(property) if among.using.is_none() => {
                let heads = SpecificHeads::plan(property, among.target, among.stored, planner)?;
                let rows = among.rows(&Which::ChosenLater, planner);
                (By::Specific(Box::new(heads)), rows)
            }
            _ => {
                let chosen = among.choose(planner)?;
                (By::Selection(chosen), rows(among, planner)?)
            }
        };
        let concept = property.map(|property| &property.concept);
        Ok(Self {
            probe,
            by,
            rows,
            respect: concept.map_or(String::new(), respect),
        })
    }

    /// The images whose contributions are most like the probe's: cosine of the summed contributions as they are in the
    /// representation, which no alignment touches.
    pub fn run(self, count: usize, desk: &mut Desk<'_>) -> Result<Retrieved, DeskError> {
        let (chosen, mut notes) = match self.by {
            By::Specific(heads) => heads.run(desk)?,
            By::Selection(chosen) => (chosen.components(desk)?, Vec::new()),
        };
        notes.push(format!("by {}", chosen.words));
        let own = self.probe.place();
        let probe = self.probe.sum_of(&chosen.components, desk)?;
        let stored = self.rows.stored();
        let summed = match self.rows.with_representations() {
            true => Summed::of_fewest(stored.specs().len(), &chosen.components),
            false => Summed::Of(chosen.components),
        };
        let keeps = self.rows.keeps();
        let found = most_alike(
            &self.rows.open()?,
            &summed,
            &probe.sum,
            count,
            &|id| keeps(id) && own != Some(id),
            desk.cancel,
            desk.progress,
        )?;
        let (name, respect, model) = (probe.name, self.respect, stored.model());
        Ok(Retrieved {
            title: format!("images like {name}{respect} in {model}"),
            found,
            measure: "similarity",
            probe: Some(Captioned {
                image: probe.picture,
                caption: "the probe".to_owned(),
            }),
            notes,
            cached: probe.stored,
        })
    }
}

/// Plans to read what the sums of chosen components are made from. What few leave out is taken from the representation.
fn rows(among: Among<'_>, planner: &mut Planner<'_>) -> Result<Rows, DeskError> {
    let all = among.stored.specs().len();
    if among.using.is_none() && among.without.is_some() {
        let whose = "the components left out";
        return Ok(planner.chosen_rows_and_representations(among.stored, whose, among.keep));
    }
    Ok(match among.which()? {
        Which::All => among.representations_less(&[], planner),
        Which::Named(named) => match (Summed::of_fewest(all, &named), among.without) {
            (Summed::AllBut(others), _) => among.representations_less(&others, planner),
            (Summed::Of(named), None) => among.rows(&Which::Named(named), planner),
            (Summed::Of(_), Some(_)) => among.rows(&Which::ChosenLater, planner),
        },
        Which::ChosenLater => among.rows(&Which::ChosenLater, planner),
    })
}

fn respect(concept: &Concept) -> String {
    format!(" by {}", concept.label())
}
