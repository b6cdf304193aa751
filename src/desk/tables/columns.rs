//! Tables: their columns, those every answer about units begins with, and listings.

use polars::prelude::{Column, DataFrame, NamedFrom, PolarsResult, Series};

use crate::decompose::{Component, ComponentKind};
use crate::interface::answer::Answer;
use crate::lang::catalog::{Catalog, ModelInfo};
use crate::lang::query::Unit;

/// A frame of these columns, all of one length.
///
/// # Errors
/// When their lengths differ.
pub fn frame(columns: Vec<Column>) -> PolarsResult<DataFrame> {
    let height = columns.first().map_or(0, Column::len);
    DataFrame::new(height, columns)
}

/// A column of texts.
pub fn texts<S: AsRef<str>>(name: &str, values: impl IntoIterator<Item = S>) -> Column {
    let values: Vec<S> = values.into_iter().collect();
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    Series::new(name.into(), values).into()
}

/// A column of whole numbers, some missing.
pub fn whole(name: &str, values: impl IntoIterator<Item = Option<u32>>) -> Column {
    Series::new(name.into(), values.into_iter().collect::<Vec<_>>()).into()
}

/// A column of numbers.
pub fn numbers(name: &str, values: impl IntoIterator<Item = f64>) -> Column {
    Series::new(name.into(), values.into_iter().collect::<Vec<_>>()).into()
}

/// The kind of a unit, as the column `kind` has it.
#[must_use]
pub fn kind_of(unit: &Unit) -> &'static str {
    match unit {
        Unit::Component(component) => component.kind.word(),
        Unit::Layer(_) => "layer",
        Unit::Neurons { .. } => "neuron",
        Unit::Tokens => "tokens",
    }
}

/// The layer a unit belongs to.
#[must_use]
pub fn layer_of(unit: &Unit) -> Option<u32> {
    match unit {
        Unit::Component(component) => match component.kind {
            ComponentKind::Init | ComponentKind::Bias => None,
            _ => Some(component.layer.into()),
        },
        Unit::Layer(layer) | Unit::Neurons { layer, .. } => Some((*layer).into()),
        Unit::Tokens => None,
    }
}

/// The head a unit is.
#[must_use]
pub fn head_of(unit: &Unit) -> Option<u32> {
    match unit {
        Unit::Component(Component {
            kind: ComponentKind::Head,
            head,
            ..
        }) => Some((*head).into()),
        _ => None,
    }
}

/// `unit`, `kind`, `layer`, `head`, and `stage` and `block` where the model has stages.
pub fn unit_columns(model: &ModelInfo, units: &[Unit], paper: bool) -> Vec<Column> {
    let name = |unit: &Unit| {
        if paper {
            paper_name(model, unit)
        } else {
            unit.to_string()
        }
    };
    let mut columns = vec![
        texts("unit", units.iter().map(name)),
        texts("kind", units.iter().map(kind_of)),
        whole("layer", units.iter().map(layer_of)),
        whole("head", units.iter().map(head_of)),
    ];
    if !model.blocks.is_empty() {
        let place = |unit: &Unit| match unit {
            Unit::Component(component) if component.kind == ComponentKind::Conv => {
                Some(model.conv_block(component.layer))
            }
            _ => layer_of(unit).map(|layer| model.block(layer as u16)),
        };
        columns.push(whole(
            "stage",
            units.iter().map(|u| place(u).map(|(s, _)| s.into())),
        ));
        columns.push(whole(
            "block",
            units.iter().map(|u| place(u).map(|(_, b)| b.into())),
        ));
    }
    columns
}

/// The name that the paper's code gives a unit: layers counted from the end, two digits.
fn paper_name(model: &ModelInfo, unit: &Unit) -> String {
    let from_end = |layer: u32| u32::from(model.layers()) - 1 - layer;
    match (unit, layer_of(unit)) {
        (Unit::Component(component), Some(layer)) => match component.kind {
            ComponentKind::Head => {
                format!(
                    "layer:{:02}, attn_head:{:02}",
                    from_end(layer),
                    component.head
                )
            }
            ComponentKind::Mlp => format!("layer:{:02}, mlp", from_end(layer)),
            // by the two attention layers of its block, of which the last is the first from the end
            ComponentKind::Conv => {
                let block = u32::from(model.convs.saturating_sub(1)) - layer;
                format!("layer:({:02}, {:02}), conv", 2 * block, 2 * block + 1)
            }
            _ => unit.to_string(),
        },
        (Unit::Layer(_), Some(layer)) => format!("layer:{:02}", from_end(layer)),
        _ => unit.to_string(),
    }
}

/// A table under a title; an empty one says what to do.
#[must_use]
pub fn listing(title: &str, table: DataFrame, if_empty: &str) -> Answer {
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

/// The features there are.
///
/// # Errors
/// None that a catalog can cause.
pub fn feature_listing(catalog: &Catalog) -> PolarsResult<Answer> {
    let features = &catalog.features;
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
