//! What is shown of the maps of an image: a row per patch, the maps laid over the image, and where they peak.

use image::RgbImage;
use polars::prelude::DataFrame;

use super::labelled::Labelled;
use crate::analysis::{Grid, TokenMap};
use crate::desk::DeskError;
use crate::desk::tables::columns::{frame, numbers, whole};
use crate::interface::answer::{Captioned, Picture};
use crate::picture::heat::overlay;

/// What is shown.
pub(super) struct Shown {
    /// A row per patch, a column per map.
    pub table: DataFrame,
    /// The image, and each map laid over it.
    pub pictures: Picture,
    /// A sentence on each map.
    pub notes: Vec<String>,
}

/// Maps of the image `name`, all on the finest grid that one of them has. The model has `special` tokens that are not the
/// image's.
pub(super) fn shown(name: &str, found: &Labelled, special: usize) -> Result<Shown, DeskError> {
    let sizes = found.maps.iter().map(|(_, map)| map.finest());
    let finest = sizes.max_by_key(|(rows, cols)| rows * cols);
    let finest = finest.unwrap_or((1, 1));
    let on_grid = |(_, map): &(String, TokenMap)| map.on_grid(finest);
    let grids: Vec<Grid> = found.maps.iter().map(on_grid).collect();
    let mut pictures = vec![Captioned {
        image: found.seen.clone(),
        caption: name.to_owned(),
    }];
    let mut notes = Vec::new();
    for ((label, map), grid) in found.maps.iter().zip(&grids) {
        let (row, col, value) = grid.peak();
        let peak = short(value);
        pictures.push(Captioned {
            image: on_image(&found.seen, grid),
            caption: format!("{label}\npeak {peak} at {row}, {col}"),
        });
        notes.push(format!(
            "{label}: peak {peak} at row {row}, column {col}; patches sum to {}, {}",
            short(map.on_patches()),
            match special {
                0 => "there are no other tokens".to_owned(),
                _ => format!("class and register tokens to {}", short(map.elsewhere)),
            }
        ));
    }
    let labels: Vec<&str> = found.maps.iter().map(|(label, _)| label.as_str()).collect();
    Ok(Shown {
        table: table(&grids, &labels)?,
        pictures: Picture::Images(pictures),
        notes,
    })
}

/// A map laid over what the model saw.
fn on_image(seen: &RgbImage, grid: &Grid) -> RgbImage {
    let values: Vec<f32> = grid.values.iter().map(|&value| value as f32).collect();
    overlay(seen, &values, grid.rows, grid.cols)
}

/// Four decimals, or four digits of what would have none of them.
fn short(value: f64) -> String {
    match value.abs() {
        size if size > 0.0 && size < 5e-4 => format!("{value:.3e}"),
        _ => format!("{value:.4}"),
    }
}

fn table(grids: &[Grid], labels: &[&str]) -> Result<DataFrame, DeskError> {
    let cells = grids.first().map_or(0, |grid| grid.values.len());
    let cols = grids.first().map_or(1, |grid| grid.cols);
    let mut columns = vec![
        whole("row", (0..cells).map(|cell| Some((cell / cols) as u32))),
        whole("column", (0..cells).map(|cell| Some((cell % cols) as u32))),
    ];
    for (grid, label) in grids.iter().zip(labels) {
        columns.push(numbers(label, grid.values.iter().copied()));
    }
    Ok(frame(columns)?)
}
