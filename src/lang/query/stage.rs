//! What is done to an answer after a `|`.

use std::fmt;

use crate::lang::filter::Filter;

/// What is done to an answer.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Stage {
    /// Keeps rows.
    Where(Filter),
    /// Sorts by columns, each with whether the largest come first.
    Sort(Vec<(String, bool)>),
    /// Keeps columns.
    Select(Vec<String>),
    /// Keeps the first rows.
    Take(usize),
    /// One row per group.
    Group {
        by: Vec<String>,
        aggregates: Vec<Aggregate>,
    },
    /// Writes the answer to a file; the format is its extension's.
    Save(String),
}

/// A computed column of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// How the values are summed up.
    pub reducer: Reducer,
    /// The column; `None` for [`Reducer::Count`] alone.
    pub column: Option<String>,
}

impl Aggregate {
    /// The name of the computed column: `mean score`, `count`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.column {
            Some(column) => format!("{} {column}", self.reducer.word()),
            None => self.reducer.word().to_owned(),
        }
    }
}

/// How the values of a group are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reducer {
    Mean,
    Median,
    Max,
    Min,
    Sum,
    Std,
    Count,
}

impl Reducer {
    /// Every reducer and its keyword.
    pub const ALL: [(&'static str, Self); 7] = [
        ("mean", Self::Mean),
        ("median", Self::Median),
        ("max", Self::Max),
        ("min", Self::Min),
        ("sum", Self::Sum),
        ("std", Self::Std),
        ("count", Self::Count),
    ];

    /// Its keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, reducer)| *reducer == self);
        named.map_or("", |(word, _)| word)
    }
}

impl fmt::Display for Stage {
    /// What it does, as plans say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Where(_) => f.write_str("keep the rows that satisfy the condition"),
            Self::Sort(keys) => {
                let names: Vec<&str> = keys.iter().map(|(column, _)| column.as_str()).collect();
                write!(f, "sort by {}", names.join(", "))
            }
            Self::Select(columns) => write!(f, "keep the columns {}", columns.join(", ")),
            Self::Take(count) => write!(f, "keep the first {count} rows"),
            Self::Group { by, .. } => write!(f, "one row per {}", by.join(", ")),
            Self::Save(path) => write!(f, "write {path}"),
        }
    }
}
