//! `drop decomposition`: deletes a stored decomposition.

use crate::desk::models::passes::Change;
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Target;
use crate::lang::resolve::{Names, Resolved};

/// `drop decomposition MODEL on SET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drop(pub Target);

impl Statement for Drop {
    const RULE: &'static str = "drop";
    const HELP: &'static Topic = &Topic {
        name: "drop",
        summary: "Deletes a stored decomposition.",
        form: "drop decomposition MODEL on SET",
        text: "",
        examples: &["drop decomposition dinov2 on birds"],
        about_images: false,
    };
    const EFFECT: Effect = Effect::Store;
    type Tickets = Change;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?.value;
        let set = names.set(said.the(Role::Set))?;
        let target = Target {
            model: model.name.clone(),
            set: set.value.name.clone(),
        };
        if !model.decomposed_on.contains(&target.set) {
            return Err(ResolveError::NothingToDrop {
                model: target.model,
                set: target.set,
                span: set.span,
            });
        }
        Ok(Self(target))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Change, DeskError> {
        Ok(planner.change("nothing is computed with a model"))
    }

    fn run(&self, change: Change, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let Target { model, set } = &self.0;
        change.store(desk).drop_decomposition(model, set)?;
        let note = format!("dropped the decomposition of {set} by {model}");
        Ok(Answer::of_note(note).into())
    }
}
