//! Conditions on the rows of a table.

use std::collections::HashMap;

use polars::prelude::{AnyValue, BooleanChunked, Column, DataFrame};

use crate::desk::DeskError;
use crate::lang::filter::{Filter, Literal};

/// Which rows of a table satisfy a condition. A test of a missing value is not satisfied.
///
/// # Errors
/// When the condition names a column that the table doesn't have.
pub fn filter_frame(table: &DataFrame, filter: &Filter) -> Result<Vec<bool>, DeskError> {
    let mut columns = HashMap::new();
    for name in filter.columns() {
        columns.insert(name, table.column(name)?);
    }
    let row = |row: usize| {
        let value = |name: &str| literal(columns.get(name)?, row);
        filter.test(&value).unwrap_or(false)
    };
    Ok((0..table.height()).map(row).collect())
}

/// A cell as a condition compares it; nothing where it is missing.
pub fn literal(column: &Column, row: usize) -> Option<Literal> {
    match column.get(row).ok()? {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(Literal::Text(text.to_owned())),
        AnyValue::StringOwned(text) => Some(Literal::Text(text.to_string())),
        AnyValue::Boolean(truth) => Some(Literal::Text(truth.to_string())),
        other => other.extract::<f64>().map(Literal::Number),
    }
}

/// The rows that are kept.
///
/// # Errors
/// When there are more or fewer rows than are spoken of.
pub fn keep_rows(table: &DataFrame, keep: &[bool]) -> Result<DataFrame, DeskError> {
    let mask: BooleanChunked = keep.iter().copied().collect();
    Ok(table.filter(&mask)?)
}
