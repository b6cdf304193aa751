//! `show`: lists what there is.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::{feature_listing, frame, listing, texts, whole};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::ast::Clause;
use crate::lang::catalog::{ColumnInfo, ModelInfo, SetInfo};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};

/// `show …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// `show models`
    Models,
    /// `show images`
    Images,
    /// `show features`
    Features,
    /// `show results`
    Results,
    /// `show settings`
    Settings,
    /// `show units in MODEL`
    Units(String),
}

/// What is listed.
pub enum Listed {
    /// What was looked up.
    There(Answer),
    /// The settings, which whoever shows the answers knows.
    Settings,
}

impl Statement for Show {
    const RULE: &'static str = "show";
    const HELP: &'static Topic = &Topic {
        name: "show",
        summary: "Lists models, image sets, features, results, settings, or a model's units.",
        form: "show models|images|features|results|settings|units in MODEL",
        text: "",
        examples: &[
            "show models",
            "show images",
            "show features",
            "show units in dinov2",
        ],
        about_images: false,
    };
    type Tickets = Listed;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let listed = [
            ("models", Self::Models),
            ("images", Self::Images),
            ("features", Self::Features),
            ("results", Self::Results),
            ("settings", Self::Settings),
        ];
        if let Some((_, listed)) = listed.into_iter().find(|(word, _)| said.has(word)) {
            return Ok(listed);
        }
        let model = names.model(said.the(Role::Model))?;
        Ok(Self::Units(model.value.name.clone()))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Listed, DeskError> {
        planner.says("nothing is computed with a model");
        let catalog = planner.catalog();
        Ok(Listed::There(match self {
            Self::Models => models(planner)?,
            Self::Images => images(&catalog.sets)?,
            Self::Features => feature_listing(catalog)?,
            Self::Results => results(planner.results())?,
            Self::Units(model) => {
                listing(&format!("units of {model}"), planner.unit_table(model)?, "")
            }
            Self::Settings => return Ok(Listed::Settings),
        }))
    }

    fn run(&self, listed: Listed, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let answer = match listed {
            Listed::There(answer) => answer,
            Listed::Settings => settings(&desk.sink.settings())?,
        };
        Ok(answer.into())
    }
}

fn models(planner: &Planner<'_>) -> Result<Answer, DeskError> {
    let models = &planner.catalog().models;
    let aligned = |model: &ModelInfo| {
        let each = model
            .aligned
            .iter()
            .map(|a| format!("{} on {}", a.clip, a.set));
        if model.is_clip {
            "itself".to_owned()
        } else {
            each.collect::<Vec<_>>().join(", ")
        }
    };
    let heads = |model: &ModelInfo| model.heads.iter().map(|&heads| u32::from(heads)).sum();
    let layers = |model: &ModelInfo| Some(model.layers().into());
    let decomposed = |model| decomposed_on(model, planner);
    let table = frame(vec![
        texts("model", models.iter().map(|model| &model.name)),
        texts("family", models.iter().map(|model| &model.family)),
        whole("image", models.iter().map(|model| Some(model.image_size))),
        whole("layers", models.iter().map(layers)),
        whole("heads", models.iter().map(|model| Some(heads(model)))),
        texts("decomposed on", models.iter().map(decomposed)),
        texts("aligned to", models.iter().map(aligned)),
    ])?;
    let hint = "there are no models yet; `add model NAME from \"FOLDER\"` adds one";
    Ok(listing("models", table, hint))
}

/// The sets that a model is decomposed on, and what its forward pass multiplied where that is not f32.
fn decomposed_on(model: &ModelInfo, planner: &Planner<'_>) -> String {
    let in_words = |set: &String| match planner.multiplied(&model.name, set) {
        Numbers::F32 => set.clone(),
        other => format!("{set} ({other})"),
    };
    let each: Vec<String> = model.decomposed_on.iter().map(in_words).collect();
    each.join(", ")
}

fn images(sets: &[SetInfo]) -> Result<Answer, DeskError> {
    let columns = |columns: &[ColumnInfo]| {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    };
    let table = frame(vec![
        texts("set", sets.iter().map(|set| &set.name)),
        whole("images", sets.iter().map(|set| Some(set.rows as u32))),
        texts("columns", sets.iter().map(|set| columns(&set.columns))),
    ])?;
    let hint = "there are no image sets yet; `add images NAME from \"FOLDER\"` adds one";
    Ok(listing("image sets", table, hint))
}

/// The named results of a session.
fn results(results: &BTreeMap<String, DataFrame>) -> Result<Answer, DeskError> {
    let columns = |table: &DataFrame| {
        let names = table.get_column_names().into_iter();
        let names: Vec<&str> = names.map(|name| name.as_str()).collect();
        names.join(", ")
    };
    let rows = |table: &DataFrame| Some(table.height() as u32);
    let table = frame(vec![
        texts("result", results.keys()),
        whole("rows", results.values().map(rows)),
        texts("columns", results.values().map(columns)),
    ])?;
    let hint = "nothing was answered yet; `… into NAME` keeps an answer, `_` is the last one";
    Ok(listing("results", table, hint))
}

/// The settings of a front end.
fn settings(settings: &[(&'static str, String)]) -> Result<Answer, DeskError> {
    let table = frame(vec![
        texts("setting", settings.iter().map(|(name, _)| *name)),
        texts("value", settings.iter().map(|(_, value)| value)),
    ])?;
    Ok(listing("settings", table, ""))
}
