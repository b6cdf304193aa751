//! `contributions of`: what units contribute to the representation of each image, a column of vectors per unit.

use super::answer::answer;
use super::asked::{VectorsAsked, VectorsOf};
use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Unit;
use crate::lang::resolve::{ConditionScope, Names, Resolved};

/// `contributions of UNITS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Contributions {
    /// The model, the space and the images.
    pub asked: VectorsAsked,
    /// The units, filtered, in order, each once.
    pub units: Vec<Unit>,
}

impl Statement for Contributions {
    const RULE: &'static str = "contributions";
    const HELP: &'static Topic = &Topic {
        name: "contributions",
        summary: "The contribution vectors themselves, one row per image.",
        form: "contributions of UNITS in MODEL [aligned] [OPTIONS]",
        text: "With `aligned`, in CLIP's space.",
        examples: &[
            "contributions of heads 5.* in dinov2 on birds aligned | save \"heads.parquet\"",
        ],
        about_images: false,
    };
    type Tickets = VectorsOf;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let mut asked = VectorsAsked::read(said, model, names)?;
        let units = names.all_units(&said.units(), model.value)?;
        let set = &asked.target.set;
        let (units, conditions) =
            names.units_where(said, model, set, units, ConditionScope::Units)?;
        asked.images = conditions.images;
        Ok(Self { asked, units })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<VectorsOf, DeskError> {
        let target = &self.asked.target;
        planner.step("one row of vectors per image", |planner| {
            let (stored, units) = planner.decomposed_units(target, &self.units)?;
            let words = format!("contributions of {} units of", units.len());
            planner.step_on(&words, target, |planner| {
                self.asked.plan(&stored, Some(&units), planner)
            })
        })
    }

    fn run(&self, tickets: VectorsOf, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut notes = Vec::new();
        if (tickets.alignment.as_ref()).is_some_and(|alignment| !alignment.is_own()) {
            notes.push(
                "the alignment's bias belongs to the whole and is in no unit's contribution"
                    .to_owned(),
            );
        }
        let what = format!("contributions of {}", self.asked.target.model);
        answer(&what, notes, &tickets, desk)
    }
}
