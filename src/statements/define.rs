//! `define NAME as …`: a feature by its texts; `define` alone lists the features there are.

use crate::desk::models::passes::Change;
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::tables::columns::feature_listing;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `define`, with a feature or without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Define {
    /// `define`: lists the features.
    List,
    /// `define NAME as TEXTS`.
    Feature {
        /// What it is called.
        name: String,
        /// Its instantiations.
        texts: Vec<String>,
    },
}

impl Statement for Define {
    const RULE: &'static str = "define";
    const HELP: &'static Topic = &Topic {
        name: "define",
        summary: "Defines a feature by texts, or lists the features.",
        form: "define NAME as \"TEXT\", …\ndefine",
        text: "",
        examples: &[
            "define texture as \"rough texture\", \"furry texture\"",
            "define",
        ],
        about_images: false,
    };
    type Tickets = Change;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let Some(name) = said.name_of(Role::NewName) else {
            return Ok(Self::List);
        };
        Ok(Self::Feature {
            name: names.text(name)?,
            texts: names.texts(&said.texts())?,
        })
    }

    fn effect(&self) -> Effect {
        match self {
            Self::List => Effect::Nothing,
            Self::Feature { .. } => Effect::Store,
        }
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Change, DeskError> {
        Ok(planner.change("nothing is computed with a model"))
    }

    fn run(&self, change: Change, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        match self {
            Self::List => Ok(feature_listing(desk.catalog())?.into()),
            Self::Feature { name, texts } => {
                change.store(desk).define(name, texts)?;
                let note = format!("{name} means {}", texts.join("; "));
                Ok(Answer::of_note(note).into())
            }
        }
    }
}
