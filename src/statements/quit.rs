//! `quit`: ends the session. A prompt or script that comes to it ends without carrying it out (`repl::script::is_farewell`);
//! what does carry it out, such as a file run by `run`, has no session to end.

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
            "`quit` ends a session, and here is none to end",
            "leave it out; it ends a session where it stands alone",
        ))
    }
}
