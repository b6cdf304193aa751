//! The table of a model's units: what `show units` lists and SQL asks.

use polars::prelude::DataFrame;

use crate::desk::tables::columns::{frame, unit_columns, whole};
use crate::desk::{DeskError, Planner};
use crate::lang::query::Unit;

impl Planner<'_> {
    /// A row per component of a model, with how wide its rows are.
    ///
    /// # Errors
    /// When there is no such model, or its entry was written by another version.
    pub fn unit_table(&self, model: &str) -> Result<DataFrame, DeskError> {
        let card = self.model_card(model)?;
        let units = card.components().into_iter().map(Unit::Component);
        let units: Vec<Unit> = units.collect();
        let mut columns = unit_columns(&self.model_info(model), &units, false);
        let widths = card.widths.iter().map(|&width| Some(width as u32));
        columns.push(whole("width", widths));
        Ok(frame(columns)?)
    }
}
