//! Pipe stages: what is done to an answer's table after it was made.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use polars::prelude::{Column, DataFrame, IdxCa, SortMultipleOptions};

use crate::desk::DeskError;
use crate::desk::tables::columns::{frame, numbers};
use crate::desk::tables::conditions::{filter_frame, keep_rows, literal};
use crate::files::paths;
use crate::interface::answer::{Picture, rows_in_words};
use crate::interface::failure::in_words;
use crate::lang::filter::Literal;
use crate::lang::query::{Aggregate, Reducer, Stage};
use crate::output::format::{self, Format};
use crate::picture::{pixels, png};

/// Carries out the stages of a pipe, in order. What they say for the user goes to `notes`; `pictures` are those of the
/// whole answer.
///
/// # Errors
/// When a column is missing or of the wrong type, or a file can't be written.
pub fn run(
    mut table: DataFrame,
    pictures: &[Picture],
    stages: &[Stage],
    notes: &mut Vec<String>,
) -> Result<DataFrame, DeskError> {
    for (at, stage) in stages.iter().enumerate() {
        table = match stage {
            Stage::Where(filter) => keep_rows(&table, &filter_frame(&table, filter)?)?,
            Stage::Sort(keys) => sort(&table, keys)?,
            Stage::Select(columns) => table.select(columns.iter().map(String::as_str))?,
            Stage::Take(count) => table.head(Some(*count)),
            Stage::Group { by, aggregates } => group(&table, by, aggregates)?,
            Stage::Save(path) if is_picture(path) => {
                let whole = (stages[..at].iter()).all(|stage| matches!(stage, Stage::Save(_)));
                notes.push(save_pictures(pictures, whole, &paths::expand(path))?);
                table
            }
            Stage::Save(path) => {
                save(&table, &paths::expand(path))?;
                notes.push(format!("saved {} to {path}", rows_in_words(table.height())));
                table
            }
        };
    }
    Ok(table)
}

fn sort(table: &DataFrame, keys: &[(String, bool)]) -> Result<DataFrame, DeskError> {
    let options = SortMultipleOptions::default()
        .with_order_descending_multi(keys.iter().map(|(_, descending)| *descending))
        .with_nulls_last(true)
        .with_maintain_order(true);
    Ok(table.sort(keys.iter().map(|(column, _)| column.as_str()), options)?)
}

/// One row per group, groups in the order in which they first appear.
fn group(
    table: &DataFrame,
    by: &[String],
    aggregates: &[Aggregate],
) -> Result<DataFrame, DeskError> {
    let keys = table.select(by.iter().map(String::as_str))?;
    let (mut order, mut rows): (Vec<u32>, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    let mut seen = HashMap::new();
    for row in 0..table.height() {
        let key: Vec<String> = keys
            .columns()
            .iter()
            .map(|column| Ok(column.get(row)?.to_string()))
            .collect::<Result<_, DeskError>>()?;
        let place = *seen.entry(key).or_insert_with(|| {
            order.push(row as u32);
            rows.push(Vec::new());
            rows.len() - 1
        });
        rows[place].push(row);
    }
    let mut columns = keys
        .take(&IdxCa::from_vec("rows".into(), order))?
        .columns()
        .to_vec();
    for aggregate in aggregates {
        columns.push(aggregated(table, aggregate, &rows)?);
    }
    Ok(frame(columns)?)
}

fn aggregated(
    table: &DataFrame,
    aggregate: &Aggregate,
    groups: &[Vec<usize>],
) -> Result<Column, DeskError> {
    let name = aggregate.name();
    let Some(of) = &aggregate.column else {
        return Ok(numbers(&name, groups.iter().map(|rows| rows.len() as f64)));
    };
    let column = table.column(of)?;
    let number = |row: &usize| match literal(column, *row) {
        Some(Literal::Number(value)) => Some(value),
        _ => None,
    };
    let reduced = |rows: &Vec<usize>| {
        reduce(
            aggregate.reducer,
            rows.iter().filter_map(number).collect(),
            rows.len(),
        )
    };
    Ok(numbers(&name, groups.iter().map(reduced)))
}

fn reduce(reducer: Reducer, mut values: Vec<f64>, rows: usize) -> f64 {
    let count = values.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    match reducer {
        Reducer::Count => rows as f64,
        Reducer::Sum => values.iter().sum(),
        Reducer::Mean => mean(&values),
        Reducer::Max => values.iter().copied().fold(f64::NAN, f64::max),
        Reducer::Min => values.iter().copied().fold(f64::NAN, f64::min),
        Reducer::Std => {
            let middle = mean(&values);
            let squares = values
                .iter()
                .map(|value| (value - middle).powi(2))
                .sum::<f64>();
            (squares / (count - 1.0)).sqrt()
        }
        Reducer::Median => {
            values.sort_by(f64::total_cmp);
            match values.len() {
                0 => f64::NAN,
                n if n % 2 == 1 => values[n / 2],
                n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
            }
        }
    }
}

fn is_picture(path: &str) -> bool {
    let extension = Path::new(path).extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// Writes the pictures of an answer to which nothing was done yet; says what it did.
fn save_pictures(pictures: &[Picture], whole: bool, path: &Path) -> Result<String, DeskError> {
    if !whole {
        return Err(DeskError::refused(
            "pictures show the whole answer, not what earlier stages made of it",
            "let `save` of the picture come first",
        ));
    }
    let Some(image) = png::render(pictures) else {
        return Err(DeskError::refused(
            "this answer has no picture to save: images and unit grids are pictures, charts are not",
            "save the numbers: csv, tsv, json, ndjson, md, parquet or arrow",
        ));
    };
    let written = pixels::png(&image).and_then(|bytes| std::fs::write(path, bytes));
    written.map_err(|error| cant_write(path, &error))?;
    let (width, height) = image.dimensions();
    Ok(format!(
        "saved a picture of {width} × {height} pixels to {}",
        path.display()
    ))
}

fn cant_write(path: &Path, error: &std::io::Error) -> DeskError {
    DeskError::Refused {
        message: format!("can't write {}: {}", path.display(), in_words(error)),
        help: None,
    }
}

/// Writes a table in the format that the file's extension names.
fn save(table: &DataFrame, path: &Path) -> Result<(), DeskError> {
    let named = Format::of_file(path).map_err(|extensions| {
        DeskError::refused(
            format!("can't tell how to write {}", path.display()),
            format!("{extensions}; png saves the pictures of an answer"),
        )
    })?;
    let failed = |error: std::io::Error| cant_write(path, &error);
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    format::write(table, named, &mut file)
        .and_then(|()| file.flush())
        .map_err(failed)
}
