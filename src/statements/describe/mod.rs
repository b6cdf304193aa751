//! `describe`: all there is to know about one thing.

mod model;
mod units;

use self::model::ModelFacts;
use self::units::MeanNorms;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::{frame, listing, texts};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::catalog::{Catalog, ColumnKind};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Unit;
use crate::lang::resolve::{Names, Resolved, unknown};

/// `describe NAME`, `describe UNIT in MODEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Describe {
    /// A model.
    Model(String),
    /// An image set.
    Set(String),
    /// A feature.
    Feature(String),
    /// An earlier answer.
    Result(String),
    /// Units of a model.
    Units {
        /// The model.
        model: String,
        /// The units.
        units: Vec<Unit>,
    },
}

/// What describing takes.
pub enum Tickets {
    /// Nothing more: all is known.
    Known(Answer),
    /// A look at a model's alignments.
    Model(ModelFacts),
    /// Rows.
    Units(MeanNorms),
}

impl Statement for Describe {
    const RULE: &'static str = "describe";
    const HELP: &'static Topic = &Topic {
        name: "describe",
        summary: "All there is to know about a model, image set, feature, result or unit.",
        form: "describe NAME\ndescribe UNIT in MODEL",
        text: "",
        examples: &["describe dinov2", "describe head 5.2 in dinov2"],
        about_images: false,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let Some(slot) = said.name_of(Role::Thing) else {
            let model = names.model(said.the(Role::Model))?;
            return Ok(Self::Units {
                units: names.units(said.the_units(), model.value)?,
                model: model.value.name.clone(),
            });
        };
        let name = names.name(slot)?;
        let found = Self::of_name(&name, names.catalog);
        found.ok_or_else(|| {
            let catalog = names.catalog;
            let models = catalog.models.iter().map(|m| m.name.clone());
            let sets = catalog.sets.iter().map(|s| s.name.clone());
            let features = catalog.features.iter().map(|f| f.name.clone());
            let results = catalog.results.iter().map(|r| r.name.clone());
            let known = models.chain(sets).chain(features).chain(results).collect();
            unknown(Role::Thing, name, known, slot.span)
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let catalog = planner.catalog();
        planner.step("nothing is computed with a model", |planner| {
            Ok(match self {
                Self::Model(name) => Tickets::Model(ModelFacts::plan(name, planner)?),
                Self::Set(name) => Tickets::Known(set(name, catalog)?),
                Self::Feature(name) => Tickets::Known(feature(name, catalog)?),
                Self::Result(_) => Tickets::Known(Answer::default()),
                Self::Units { model, units } => {
                    Tickets::Units(MeanNorms::plan(model, units, planner)?)
                }
            })
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let answer = match tickets {
            Tickets::Known(answer) => answer,
            Tickets::Model(facts) => facts.run(desk)?,
            Tickets::Units(norms) => norms.run(desk)?,
        };
        Ok(answer.into())
    }
}

impl Describe {
    /// What a name names: a model, or else a set, a feature, a result.
    fn of_name(name: &str, catalog: &Catalog) -> Option<Self> {
        let model = catalog.model(name);
        let model = model.map(|model| Self::Model(model.name.clone()));
        let set = || Some(Self::Set(catalog.set(name)?.name.clone()));
        let feature = || Some(Self::Feature(catalog.feature(name)?.name.clone()));
        let result = || Some(Self::Result(catalog.result(name)?.name.clone()));
        model.or_else(set).or_else(feature).or_else(result)
    }
}

fn set(name: &str, catalog: &Catalog) -> Result<Answer, DeskError> {
    let set = catalog.set(name).cloned().unwrap_or_default();
    let kind = |kind: ColumnKind| match kind {
        ColumnKind::Text => "text",
        ColumnKind::Number => "number",
        ColumnKind::Any => "other",
    };
    let columns = &set.columns;
    let table = frame(vec![
        texts("column", columns.iter().map(|column| &column.name)),
        texts("holds", columns.iter().map(|column| kind(column.kind))),
        texts(
            "values",
            columns.iter().map(|column| column.values.join(", ")),
        ),
    ])?;
    Ok(listing(&format!("{name}: {} images", set.rows), table, ""))
}

fn feature(name: &str, catalog: &Catalog) -> Result<Answer, DeskError> {
    let feature = catalog.feature(name).cloned().unwrap_or_default();
    let table = frame(vec![texts("text", &feature.texts)])?;
    Ok(listing(&format!("{name} ({})", feature.origin), table, ""))
}
