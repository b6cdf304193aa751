//! `quit`: ends the session. Whoever reads statements for it ends it; where nobody does, there is nothing to end.

use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `quit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quit;

impl Statement for Quit {
    const RULE: &'static str = "quit";
    const HELP: &'static Topic = &Topic {
        name: "quit",
        summary: "Ends the session.",
        form: "quit",
        text: "",
        examples: &["quit"],
        about_images: false,
    };
    type Tickets = ();

    fn read(_: &Clause, _: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self)
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<(), DeskError> {
        planner.says("nothing is computed with a model");
        Ok(())
    }

    fn run(&self, (): (), _: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        Err(DeskError::refused(
            "this version understands this statement but does not compute it",
            "`help` lists what can be said",
        ))
    }
}
