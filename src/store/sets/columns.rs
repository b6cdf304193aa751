//! The names of an image table's columns: its own, and the user's beside them.

use polars::prelude::*;

/// Names of the image table's own columns.
pub(super) const RESERVED: [&str; 6] = ["id", "path", "width", "height", "image", "mask"];

/// The user's columns under names that don't collide with the image table's own.
pub(super) fn without_reserved(frame: DataFrame) -> (Vec<Column>, Vec<String>) {
    let mut notes = Vec::new();
    let columns = (frame.into_columns().into_iter())
        .map(|column| {
            let name = column.name().to_string();
            if !RESERVED.contains(&name.as_str()) {
                return column;
            }
            let renamed = format!("original_{name}");
            notes.push(renamed_note(&name));
            column.with_name(renamed.into())
        })
        .collect();
    (columns, notes)
}

/// Says that a column goes by another name.
pub(super) fn renamed_note(name: &str) -> String {
    format!("the column {name} is kept as original_{name}")
}
