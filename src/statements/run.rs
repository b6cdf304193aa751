//! `run`: the statements of a file, one after the other.

use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::files::paths;
use crate::lang::ast::Clause;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `run "FILE"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run(pub String);

impl Statement for Run {
    const RULE: &'static str = "run";
    const HELP: &'static Topic = &Topic {
        name: "run",
        summary: "Runs the statements of a file.",
        form: "run \"FILE\"",
        text: "",
        examples: &["run \"script.vq\""],
        about_images: false,
    };
    type Tickets = ();

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self(names.text(said.the_text())?))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<(), DeskError> {
        planner.says("nothing is computed with a model");
        Ok(())
    }

    fn run(&self, (): (), desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let path = paths::beside(desk.script, &self.0);
        Ok(Outcome::Script(path.to_string_lossy().into_owned()))
    }
}
