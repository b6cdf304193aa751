//! What columns hold, in short: kept beside an image set, so that naming its columns and values needs no look at a table
//! of a million rows.

use std::collections::BTreeSet;

use polars::prelude::{Column, DataFrame, DataType};
use serde::{Deserialize, Serialize};

/// A column with more different texts than this lists none of them.
const FEW: usize = 40;

/// A column in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
    /// Its different texts, sorted, if they are few; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holds {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Anything else.
    Other,
}

/// The columns of a table in short.
#[must_use]
pub fn of(table: &DataFrame) -> Vec<Summary> {
    let mut summaries = Summaries::default();
    summaries.push(table);
    summaries.finish()
}

/// The columns of a table that comes piece by piece.
#[derive(Debug, Default)]
pub(super) struct Summaries {
    columns: Vec<(String, Holds, BTreeSet<String>)>,
}

impl Summaries {
    /// The next rows. Images and masks are no metadata.
    pub fn push(&mut self, rows: &DataFrame) {
        let metadata = |column: &&Column| !["image", "mask"].contains(&column.name().as_str());
        for column in rows.columns().iter().filter(metadata) {
            let name = column.name().as_str();
            let place = self.columns.iter().position(|(known, ..)| known == name);
            let place = place.unwrap_or_else(|| {
                let begun = (name.to_owned(), holds(column.dtype()), BTreeSet::new());
                self.columns.push(begun);
                self.columns.len() - 1
            });
            note_values(column, &mut self.columns[place].2);
        }
    }

    /// What was seen.
    pub fn finish(self) -> Vec<Summary> {
        let summary = |(name, holds, values): (String, Holds, BTreeSet<String>)| Summary {
            name,
            holds,
            values: if values.len() > FEW {
                Vec::new()
            } else {
                values.into_iter().collect()
            },
        };
        self.columns.into_iter().map(summary).collect()
    }
}

fn holds(kind: &DataType) -> Holds {
    match kind {
        DataType::String => Holds::Text,
        kind if kind.is_primitive_numeric() => Holds::Number,
        _ => Holds::Other,
    }
}

/// Adds a column's texts to those seen, until they are too many to list.
fn note_values(column: &Column, seen: &mut BTreeSet<String>) {
    let Ok(texts) = column.str() else {
        return;
    };
    for text in texts.iter().flatten() {
        if seen.len() > FEW {
            return;
        }
        if !seen.contains(text) {
            seen.insert(text.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

    fn table(rows: std::ops::Range<u32>) -> DataFrame {
        let text = |name: &str, of: &dyn Fn(u32) -> String| -> Column {
            let values: Vec<String> = rows.clone().map(of).collect();
            Series::new(name.into(), values).into()
        };
        DataFrame::new_infer_height(vec![
            Series::new("id".into(), rows.clone().collect::<Vec<u32>>()).into(),
            text("label", &|row| ["cat", "bird"][row as usize % 2].to_owned()),
            text("path", &|row| format!("{row}.png")),
        ])
        .unwrap()
    }

    #[test]
    fn pieces_add_up_to_the_whole() {
        let mut pieces = Summaries::default();
        pieces.push(&table(0..30));
        pieces.push(&table(30..60));
        let summaries = pieces.finish();
        assert_eq!(summaries, of(&table(0..60)));
        assert_eq!(summaries[0].holds, Holds::Number);
        assert_eq!(summaries[1].values, ["bird", "cat"]);
        assert!(summaries[2].values.is_empty(), "sixty are too many to list");
        assert_eq!(of(&table(0..FEW as u32))[2].values.len(), FEW);
    }
}
