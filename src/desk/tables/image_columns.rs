//! Columns of tables whose rows are images.

use polars::prelude::{Column, IdxCa};

use crate::desk::DeskError;
use crate::store::ImageSet;

/// The user's columns of these rows.
///
/// # Errors
/// When a row is not there.
pub fn metadata(set: &ImageSet, rows: &[u32]) -> Result<Vec<Column>, DeskError> {
    let index = IdxCa::from_vec("id".into(), rows.to_vec());
    let frame = set.frame().take(&index)?;
    let own = ["id", "path", "width", "height"];
    let columns = frame
        .columns()
        .iter()
        .filter(|column| !own.contains(&column.name().as_str()));
    Ok(columns.cloned().collect())
}
