//! `representation of`: the representation of each image, a vector.

use super::answer::answer;
use super::asked::{VectorsAsked, VectorsOf};
use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `representation of MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Representation(pub VectorsAsked);

impl Statement for Representation {
    const RULE: &'static str = "representation";
    const HELP: &'static Topic = &Topic {
        name: "representation",
        summary: "The representation itself, one row per image.",
        form: "representation of MODEL [aligned] [OPTIONS]",
        text: "",
        examples: &["representation of dinov2 on birds | save \"z.parquet\""],
        about_images: false,
    };
    type Tickets = VectorsOf;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let mut asked = VectorsAsked::read(said, model, names)?;
        asked.images = names.images_where(said, &asked.target.set)?;
        Ok(Self(asked))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<VectorsOf, DeskError> {
        let target = &self.0.target;
        planner.step("one row of vectors per image", |planner| {
            let stored = planner.decomposed(target)?;
            planner.step_on("representation of", target, |planner| {
                self.0.plan(&stored, None, planner)
            })
        })
    }

    fn run(&self, tickets: VectorsOf, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let what = format!("representation of {}", self.0.target.model);
        answer(&what, Vec::new(), &tickets, desk)
    }
}
