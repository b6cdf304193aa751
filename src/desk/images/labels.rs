//! What a set's columns say about its images, as classes.

use polars::prelude::{DataFrame, DataType};

use crate::analysis::Labels;
use crate::desk::DeskError;
use crate::store::{Feature, ImageSet};

/// More classes than this are no classes, but names.
const MOST: usize = 1000;

/// A feature is tied to a column of no more values than this.
pub const MOST_OF_FEATURE: usize = 100;

/// Columns that say which class an image is of, the first there is.
const LABELS: [&str; 2] = ["label", "class"];

/// A column of a set as classes: its different values, sorted.
///
/// # Errors
/// When there is no such column, or it has too few or too many different values.
pub fn labels(frame: &DataFrame, column: &str) -> Result<Labels, DeskError> {
    let values = frame.column(column)?.cast(&DataType::String)?;
    let values: Vec<Option<&str>> = values.str()?.iter().collect();
    let mut classes: Vec<String> = values.iter().flatten().map(|v| (*v).to_owned()).collect();
    classes.sort_unstable();
    classes.dedup();
    if !(2..=MOST).contains(&classes.len()) {
        return Err(DeskError::refused(
            format!(
                "`{column}` has {} different values, which are no classes",
                classes.len()
            ),
            format!("name a column of 2 to {MOST} values"),
        ));
    }
    let class = |value: &str| classes.binary_search_by(|class| class.as_str().cmp(value));
    let of_image = values
        .into_iter()
        .map(|value| {
            value
                .and_then(|value| class(value).ok())
                .map(|class| class as u32)
        })
        .collect();
    Ok(Labels { classes, of_image })
}

/// The column that says which class an image is of: `label`, `class`, or else the one with the name of a feature that
/// has the most values.
///
/// # Errors
/// When there is no such column.
pub fn label_column(set: &ImageSet, features: &[Feature]) -> Result<String, DeskError> {
    let columns = set.columns();
    if let Some(label) = LABELS.iter().find(|label| columns.contains(label)) {
        return Ok((*label).to_owned());
    }
    let mut best: Option<(usize, &str)> = None;
    for feature in features
        .iter()
        .filter(|f| columns.contains(&f.name.as_str()))
    {
        if let Ok(labels) = labels(set.frame(), &feature.name)
            && labels.classes.len() <= MOST_OF_FEATURE
            && best.is_none_or(|(most, _)| labels.classes.len() > most)
        {
            best = Some((labels.classes.len(), &feature.name));
        }
    }
    best.map(|(_, name)| name.to_owned()).ok_or_else(|| {
        DeskError::refused(
            format!(
                "{} has no column `label` or `class`, and none named as a feature",
                set.name()
            ),
            "name a column after `measuring`",
        )
    })
}
