//! The table of a ranking: one row per unit, one column of scores per model and concept.

use std::collections::{HashMap, HashSet};

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::scored::Scored;
use super::stability;
use crate::desk::DeskError;
use crate::desk::tables::columns::{frame, unit_columns};
use crate::lang::catalog::ModelInfo;
use crate::lang::query::Unit;

/// One row per unit, ordered by the first column of scores. `several` says whether there are several models and several
/// concepts, and `paper` whether units are called by the paper's names.
pub(super) fn table(
    model: &ModelInfo,
    columns: &[Scored],
    several: (bool, bool),
    paper: bool,
) -> Result<DataFrame, DeskError> {
    let (mut units, mut seen): (Vec<Unit>, HashSet<Unit>) = Default::default();
    for (unit, _) in columns.iter().flat_map(|scored| &scored.units) {
        if seen.insert(*unit) {
            units.push(*unit);
        }
    }
    let by_unit = |scored: &Scored| scored.units.iter().copied().collect();
    let scores: Vec<HashMap<Unit, f64>> = columns.iter().map(by_unit).collect();
    // A unit that the first model doesn't have comes last.
    let first = |unit: &Unit| scores[0].get(unit).copied().unwrap_or(f64::NEG_INFINITY);
    units.sort_by(|a, b| first(b).total_cmp(&first(a)));
    let mut frame_columns = unit_columns(model, &units, paper);
    for (scored, own) in columns.iter().zip(&scores) {
        let values: Vec<Option<f64>> = units.iter().map(|unit| own.get(unit).copied()).collect();
        let name = column_name(several, scored);
        frame_columns.push(Column::from(Series::new(name.clone().into(), values)));
        if scored.steadiness.is_some() {
            frame_columns.extend(stability::columns(&name, scored, &units));
        }
    }
    Ok(frame(frame_columns)?)
}

/// `score`, or what tells the columns apart where there are several.
fn column_name(several: (bool, bool), scored: &Scored) -> String {
    match several {
        (false, false) => "score".to_owned(),
        (false, true) => scored.concept.clone(),
        (true, false) => scored.model.clone(),
        (true, true) => format!("{} in {}", scored.concept, scored.model),
    }
}
