//! `from NAME`: starts from an earlier answer.

use polars::prelude::DataFrame;

use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::catalog::{Catalog, ColumnInfo};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `from NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From(pub String);

impl Statement for From {
    const RULE: &'static str = "from";
    const HELP: &'static Topic = &Topic {
        name: "from",
        summary: "Starts from an earlier answer; _ is always the last one.",
        form: "from NAME | …",
        text: "",
        examples: &["from best | group layer: mean score | save \"by-layer.parquet\""],
        about_images: false,
    };
    type Tickets = DataFrame;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self(names.result(said.the(Role::Result))?.name.clone()))
    }

    fn columns(&self, catalog: &Catalog) -> Option<Vec<ColumnInfo>> {
        Some(catalog.result(&self.0)?.columns.clone())
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<DataFrame, DeskError> {
        planner.says("nothing is computed with a model");
        let result = planner.results().get(&self.0).cloned();
        result.ok_or_else(|| DeskError::Refused {
            message: format!("there is no result {}", self.0),
            help: None,
        })
    }

    fn run(&self, frame: DataFrame, _: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let answer = Answer {
            frame,
            cached: true,
            ..Answer::default()
        };
        Ok(answer.into())
    }
}
