//! `sql "…"`: SQL over the answers so far, the images of sets and the units of models. polars reads and runs it.

mod aside;
mod failure;
mod tables;
mod text;

use polars::prelude::{DataFrame, IntoLazy};
use polars::sql::SQLContext;

use self::aside::aside;
use self::failure::failed;
use self::text::Text;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::{Clause, Value};
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Span;

/// `sql "…"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql {
    /// The query.
    pub text: String,
    /// Where it begins in the source of the statement, if it stands there letter for letter.
    pub from: Option<usize>,
}

impl Statement for Sql {
    const RULE: &'static str = "sql";
    const HELP: &'static Topic = &Topic {
        name: "sql",
        summary: "Runs SQL over answers, image sets and the units of models.",
        form: "sql \"select … from TABLE …\"",
        text: "TABLE is the name of an answer (`into NAME`; _ is the last one), of an image set (one row per image, its \
               metadata) or of a model (one row per unit); if two share a name, that order decides. Names with a `-` stand in \
               double quotes: sql 'select * from \"my-set\"'. The dialect is that of polars; rows of a `group by` come in no \
               order unless `order by` gives one. The answer can be piped on and kept like any other.",
        examples: &[
            "sql \"select layer, max(score) as best from _ group by layer order by layer\"",
            "sql \"select object, count(*) as images from scenes group by object order by images desc\" | take 3",
            "sql \"select b.unit, b.score, u.width from best b join dinov2 u on b.unit = u.unit\" into joined",
        ],
        about_images: false,
    };
    /// The tables that it names, under the names it gives them.
    type Tickets = Vec<(String, DataFrame)>;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let slot = said.the_text();
        let text = names.text(slot)?;
        let Span { start, end } = slot.span;
        let as_written = matches!(slot.value, Value::Text(_)) && end - start == text.len() + 2;
        Ok(Self {
            from: as_written.then_some(start + 1),
            text,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Self::Tickets, DeskError> {
        let names = tables::names(self.text(), planner)?;
        planner.step("run SQL; no model is needed", |planner| {
            let mut found = Vec::new();
            for name in names {
                if let Some(table) = tables::table(&name, planner)? {
                    found.push((name, table));
                }
            }
            Ok(found)
        })
    }

    fn run(&self, tables: Self::Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut context = SQLContext::new();
        for (name, table) in tables {
            context.register(&name, table.lazy());
        }
        let sql = self.text.clone();
        let frame = aside(desk.cancel, move || context.execute(&sql)?.collect())?;
        let answer = Answer {
            frame: frame.map_err(|error| failed(self.text(), &error, desk.catalog()))?,
            cached: true,
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

impl Sql {
    fn text(&self) -> Text<'_> {
        Text {
            sql: &self.text,
            from: self.from,
        }
    }
}
