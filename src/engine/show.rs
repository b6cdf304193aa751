//! `show` and `describe`: what there is.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::frames::{frame, numbers, texts, unit_columns, whole};
use super::models::About;
use super::{Desk, EngineError};
use crate::align::{Alignment, FitReport};
use crate::contributions::Contributions;
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::catalog::{self, ColumnInfo, ColumnKind, ModelInfo};
use crate::lang::query::{Described, Shown, Unit};

impl Desk<'_> {
    /// Lists what was asked for. Results and settings are the session's own to list.
    pub(super) fn show(&self, shown: &Shown) -> Result<Answer, EngineError> {
        match shown {
            Shown::Models => self.show_models(),
            Shown::Images => self.show_images(),
            Shown::Features => self.show_features(),
            Shown::Units(model) => self.show_units(model),
            Shown::Results | Shown::Settings => Ok(Answer::default()),
        }
    }

    fn show_models(&self) -> Result<Answer, EngineError> {
        let models = &self.catalog.models;
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
        let table = frame(vec![
            texts("model", models.iter().map(|model| &model.name)),
            texts("family", models.iter().map(|model| &model.family)),
            whole("image", models.iter().map(|model| Some(model.image_size))),
            whole(
                "layers",
                models.iter().map(|model| Some(model.layers().into())),
            ),
            whole("heads", models.iter().map(|model| Some(heads(model)))),
            texts(
                "decomposed on",
                models.iter().map(|model| self.decomposed_on(model)),
            ),
            texts("aligned to", models.iter().map(aligned)),
        ])?;
        let hint = "there are no models yet; `add model NAME from \"FOLDER\"` adds one";
        Ok(listing("models", table, hint))
    }

    /// The sets that a model is decomposed on, and what its forward pass multiplied where that is not f32.
    fn decomposed_on(&self, model: &ModelInfo) -> String {
        let each = model
            .decomposed_on
            .iter()
            .map(|set| match self.multiplied(&model.name, set) {
                Numbers::F32 => set.clone(),
                other => format!("{set} ({other})"),
            });
        each.collect::<Vec<_>>().join(", ")
    }

    fn show_images(&self) -> Result<Answer, EngineError> {
        let sets = &self.catalog.sets;
        let columns = |columns: &[ColumnInfo]| {
            columns
                .iter()
                .map(|column| column.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let table = frame(vec![
            texts("set", sets.iter().map(|set| &set.name)),
            whole("images", sets.iter().map(|set| Some(set.rows as u32))),
            texts("columns", sets.iter().map(|set| columns(&set.columns))),
        ])?;
        let hint = "there are no image sets yet; `add images NAME from \"FOLDER\"` adds one";
        Ok(listing("image sets", table, hint))
    }

    fn show_features(&self) -> Result<Answer, EngineError> {
        let features = &self.catalog.features;
        let table = frame(vec![
            texts("feature", features.iter().map(|feature| &feature.name)),
            texts("origin", features.iter().map(|feature| &feature.origin)),
            texts(
                "texts",
                features.iter().map(|feature| feature.texts.join("; ")),
            ),
        ])?;
        Ok(listing("features", table, ""))
    }

    pub(super) fn show_units(&self, name: &str) -> Result<Answer, EngineError> {
        let about = About::of(&self.store.model(name)?)?;
        let model = self.catalog.model(name).cloned().unwrap_or_default();
        let units: Vec<Unit> = about
            .components()
            .into_iter()
            .map(Unit::Component)
            .collect();
        let mut columns = unit_columns(&model, &units, false);
        columns.push(whole(
            "width",
            about.widths.iter().map(|&width| Some(width as u32)),
        ));
        Ok(listing(&format!("units of {name}"), frame(columns)?, ""))
    }

    /// Tells what is known about one thing.
    pub(super) fn describe(&self, described: &Described) -> Result<Answer, EngineError> {
        match described {
            Described::Model(name) => self.describe_model(name),
            Described::Set(name) => self.describe_set(name),
            Described::Feature(name) => {
                let feature = self.catalog.feature(name).cloned().unwrap_or_default();
                let table = frame(vec![texts("text", &feature.texts)])?;
                Ok(listing(&format!("{name} ({})", feature.origin), table, ""))
            }
            Described::Unit { model, units } => self.describe_units(model, units),
            Described::Result(_) => Ok(Answer::default()),
        }
    }

    fn describe_model(&self, name: &str) -> Result<Answer, EngineError> {
        let entry = self.store.model(name)?;
        let about = About::of(&entry)?;
        let mut facts = vec![
            ("architecture", about.architecture.clone()),
            ("family", entry.family.clone()),
            ("folder", entry.folder.display().to_string()),
            ("fingerprint", entry.fingerprint.clone()),
            ("image", format!("{} × {}", about.image.0, about.image.1)),
            ("preprocessing", about.preprocessing.clone()),
            ("representation", format!("{} numbers", about.dim)),
            ("components", about.components.len().to_string()),
            (
                "numbers per image",
                about.widths.iter().sum::<usize>().to_string(),
            ),
        ];
        let model = self.catalog.model(name).cloned().unwrap_or_default();
        for set in &model.decomposed_on {
            let done = self.store.decomposition(name, set)?;
            let skipped = done.manifest().skipped().count();
            let forward = match done.manifest().forward {
                Numbers::F32 => String::new(),
                other => format!(", forward pass in {other}"),
            };
            facts.push((
                "decomposed on",
                format!("{set}: {} images, {skipped} skipped{forward}", done.len()),
            ));
        }
        for aligned in &model.aligned {
            let stored = self.stored(name, &aligned.set)?;
            let told = match self.alignment(&stored, name, &aligned.clip) {
                Ok(Alignment { report, .. }) => report.map(|report| fit_in_words(aligned, &report)),
                // An alignment that no longer holds is worth telling, and no reason to tell nothing.
                Err(error) => Some(error.to_string()),
            };
            facts.extend(told.map(|told| ("aligned", told)));
        }
        self.facts(name, &facts)
    }

    fn describe_set(&self, name: &str) -> Result<Answer, EngineError> {
        let set = self.catalog.set(name).cloned().unwrap_or_default();
        let kind = |kind: ColumnKind| match kind {
            ColumnKind::Text => "text",
            ColumnKind::Number => "number",
            ColumnKind::Any => "other",
        };
        let table = frame(vec![
            texts("column", set.columns.iter().map(|column| &column.name)),
            texts("holds", set.columns.iter().map(|column| kind(column.kind))),
            texts(
                "values",
                set.columns.iter().map(|column| column.values.join(", ")),
            ),
        ])?;
        Ok(listing(&format!("{name}: {} images", set.rows), table, ""))
    }

    /// How much each unit contributes and varies, on every set it is decomposed on.
    fn describe_units(&self, name: &str, units: &[Unit]) -> Result<Answer, EngineError> {
        let model = self.catalog.model(name).cloned().unwrap_or_default();
        let (mut rows, mut sets, mut norms, mut images) = (vec![], vec![], vec![], vec![]);
        for set in &model.decomposed_on {
            let stored = self.stored(name, set)?;
            for (unit, group) in units
                .iter()
                .zip(super::rank::groups(stored.specs(), units)?)
            {
                let mean = super::scores::mean_norm(&stored, &group.components, self.cancel)?;
                rows.push(*unit);
                sets.push(set.clone());
                norms.push(mean);
                images.push(Some(stored.decomposition().len() as u32));
            }
        }
        if rows.is_empty() {
            return Err(EngineError::refused(
                format!("{name} is not decomposed on any image set yet"),
                format!("run `decompose SET with {name}`"),
            ));
        }
        let mut columns = unit_columns(&model, &rows, false);
        columns.push(texts("set", sets));
        columns.push(whole("images", images));
        columns.push(numbers("mean norm", norms));
        Ok(listing(&format!("units of {name}"), frame(columns)?, ""))
    }

    fn facts(&self, name: &str, facts: &[(&str, String)]) -> Result<Answer, EngineError> {
        let table = frame(vec![
            texts("property", facts.iter().map(|(property, _)| *property)),
            texts("value", facts.iter().map(|(_, value)| value)),
        ])?;
        Ok(listing(name, table, ""))
    }
}

fn fit_in_words(aligned: &catalog::Alignment, report: &FitReport) -> String {
    format!(
        "to {} on {}: cosine {:.3} held out ({:.3} for the mean image), penalty {:.4}, lambda {}",
        aligned.clip,
        aligned.set,
        report.held_out_cosine,
        report.baseline_cosine,
        report.penalty,
        report.options.lambda
    )
}

/// A table under a title; an empty one says what to do.
fn listing(title: &str, table: DataFrame, if_empty: &str) -> Answer {
    let notes = match table.height() {
        0 if !if_empty.is_empty() => vec![if_empty.to_owned()],
        _ => Vec::new(),
    };
    Answer {
        title: Some(title.to_owned()),
        frame: table,
        notes,
        cached: true,
        ..Answer::default()
    }
}

/// The named results of a session.
pub(crate) fn results(results: &BTreeMap<String, DataFrame>) -> Result<Answer, EngineError> {
    let columns = |table: &DataFrame| {
        let names = table.get_column_names();
        names
            .iter()
            .map(|name| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let table = frame(vec![
        texts("result", results.keys()),
        whole(
            "rows",
            results.values().map(|table| Some(table.height() as u32)),
        ),
        texts("columns", results.values().map(columns)),
    ])?;
    let hint = "nothing was answered yet; `… into NAME` keeps an answer, `_` is the last one";
    Ok(listing("results", table, hint))
}

/// The settings of a front end.
pub(crate) fn settings(settings: Vec<(&'static str, String)>) -> Result<Answer, EngineError> {
    let table = frame(vec![
        texts("setting", settings.iter().map(|(name, _)| *name)),
        texts("value", settings.iter().map(|(_, value)| value)),
    ])?;
    Ok(listing("settings", table, ""))
}
