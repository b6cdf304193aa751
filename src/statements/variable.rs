//! `let`: a variable, to be used as `$name`.

use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::{Clause, Value};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `let NAME = VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// The variable.
    pub name: String,
    /// What it stands for.
    pub value: Value,
}

impl Statement for Let {
    const RULE: &'static str = "let_value";
    const HELP: &'static Topic = &Topic {
        name: "let",
        summary: "Sets a variable, to be used as $NAME wherever a name, number or text can stand.",
        form: "let NAME = VALUE",
        text: "",
        examples: &["let n = 5; rank heads for texture in dinov2 limit $n"],
        about_images: false,
    };
    type Tickets = ();

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self {
            name: names.name(said.the(Role::NewName))?,
            value: names.value(said.value())?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<(), DeskError> {
        planner.says("nothing is computed with a model");
        Ok(())
    }

    fn run(&self, (): (), desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let variables = &mut desk.settings.variables;
        variables.insert(self.name.clone(), self.value.clone());
        Ok(Answer::default().into())
    }
}
