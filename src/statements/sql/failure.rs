//! What polars says of SQL that it can't run, as a sentence with a place and a way out.

use std::ops::Range;

use polars::prelude::PolarsError;

use super::text::Text;
use crate::desk::DeskError;
use crate::lang::catalog::Catalog;
use crate::lang::suggest::nearest;

/// The error for what polars says of SQL.
pub(super) fn failed(text: Text<'_>, error: &PolarsError, catalog: &Catalog) -> DeskError {
    let said = error.to_string();
    let said = said.split("\n\n").next().unwrap_or_default().trim();
    if let Some(name) = between(said, "relation '", "' was not found") {
        return text.error(
            format!("there is no table `{name}`"),
            text.place_of(name),
            other_table(name, catalog),
        );
    }
    if let Some(name) = missing_column(error, said) {
        let known: Vec<&str> = between(said, "valid columns: [", "]")
            .map(|list| list.split(", ").map(|c| c.trim_matches('"')).collect())
            .unwrap_or_default();
        return text.error(
            format!("there is no column `{name}`"),
            text.place_of(name),
            instead(name, &known, "columns"),
        );
    }
    if let Some(expected) = between(said, "Expected: ", ", found: EOF") {
        let end = text.sql.trim_end().len();
        let message = format!("the SQL isn't finished: expected {expected}");
        return text.error(message, Some(end..end), None);
    }
    let (said, place) = located(text, said);
    text.error(format!("the SQL can't be run: {said}"), place, None)
}

/// What a table that isn't there may have been meant to be.
fn other_table(name: &str, catalog: &Catalog) -> Option<String> {
    let results = catalog.results.iter().map(|result| result.name.as_str());
    let sets = catalog.sets.iter().map(|set| set.name.as_str());
    let models = catalog.models.iter().map(|model| model.name.as_str());
    let known: Vec<&str> = results.chain(sets).chain(models).collect();
    let hint = "`… into NAME` makes an answer a table";
    instead(name, &known, "tables").or_else(|| Some(hint.to_owned()))
}

/// The column that polars didn't find, in whichever of its ways it says so.
fn missing_column<'a>(error: &PolarsError, said: &'a str) -> Option<&'a str> {
    between(said, "unable to find column \"", "\"")
        .or_else(|| between(said, "unable to find column '", "'"))
        .or_else(|| matches!(error, PolarsError::ColumnNotFound(_)).then_some(said))
}

/// What the parser says without its line and column, and the word that they point at.
fn located(text: Text<'_>, said: &str) -> (String, Option<Range<usize>>) {
    let said = said.strip_prefix("sql parser error: ").unwrap_or(said);
    let Some((sentence, place)) = said.rsplit_once(" at Line: ") else {
        let word = between(said, "'", "'");
        return (lower(said), word.and_then(|word| text.place_of(word)));
    };
    let sentence = &sentence
        .replace("Expected: ", "expected ")
        .replace("found: ", "found ");
    let numbers = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some((line.parse().ok()?, column.trim().parse().ok()?)));
    let place = numbers.and_then(|(line, column)| text.word_at(line, column));
    (lower(sentence), place)
}

/// The nearest of the known names, or a list of them.
fn instead(name: &str, known: &[&str], what: &str) -> Option<String> {
    match nearest(name, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("{what}: {}", known.join(", "))),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// The sentence's first letter made small, to stand after a colon; not that of a word in capitals.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => sentence.to_owned(),
    }
}
