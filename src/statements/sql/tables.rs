//! The tables that a query names: answers, the images of sets, the units of models.

use polars::prelude::DataFrame;
use polars::sql::extract_table_identifiers;

use super::aside::aside;
use super::failure::failed;
use super::text::Text;
use crate::desk::{DeskError, Planner};
use crate::lang::suggest::nearest;

/// Longer SQL could be nested deeper than the stack holds.
const LONGEST: usize = 32_000;

/// The words a query may begin with. Others would change tables that are gone with the statement.
const QUERIES: [&str; 3] = ["select", "with", "from"];

/// The names of the tables that a query speaks of.
///
/// # Errors
/// When it is no query, or can't be read as one.
pub(super) fn names(text: Text<'_>, planner: &Planner<'_>) -> Result<Vec<String>, DeskError> {
    if text.sql.len() > LONGEST {
        return Err(DeskError::refused(
            format!("the SQL is longer than {LONGEST} bytes"),
            "do it in smaller steps, each kept with `into NAME`",
        ));
    }
    refuse_others(text)?;
    let sql = text.sql.to_owned();
    let found = aside(planner.cancel, move || {
        extract_table_identifiers(&sql, false, true)
    })?;
    found.map_err(|error| failed(text, &error, planner.catalog()))
}

/// Refuses what begins like no query.
fn refuse_others(text: Text<'_>) -> Result<(), DeskError> {
    let (first, place) = text.first_word();
    if first.is_empty() || QUERIES.contains(&first.to_lowercase().as_str()) {
        return Ok(());
    }
    Err(text.error(
        format!("`{first}` begins no query"),
        Some(place),
        Some(match slip_of(&first) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`sql` asks: select … from …; `save` and `into` keep the answer".to_owned(),
        }),
    ))
}

/// The word of a query that a first word was meant to be: one that begins alike, so that `drop` is no slip of `from`.
fn slip_of(first: &str) -> Option<&'static str> {
    let begins_alike = |near: &&str| near.chars().next() == first.to_lowercase().chars().next();
    nearest(first, QUERIES).filter(begins_alike)
}

/// Plans to read the table of this name; nothing where there is none: it may be a `with` of the query's own.
///
/// # Errors
/// When it can't be read.
pub(super) fn table(name: &str, planner: &mut Planner<'_>) -> Result<Option<DataFrame>, DeskError> {
    let catalog = planner.catalog();
    if let Some(result) = catalog.result(name) {
        let frame = planner.results().get(&result.name);
        if let Some(frame) = frame {
            let rows = frame.height();
            planner.says(format!("read: the answer {name}, {rows} rows"));
        }
        return Ok(frame.cloned());
    }
    if let Some(set) = catalog.set(name) {
        let (rows, set) = (set.rows, &set.name);
        planner.says(format!("read: the metadata of {rows} images of {set}"));
        return Ok(Some(planner.set(set)?.frame().clone()));
    }
    let Some(model) = catalog.model(name) else {
        return Ok(None);
    };
    planner.says(format!("read: the units of {}", model.name));
    Ok(Some(planner.unit_table(&model.name)?))
}
