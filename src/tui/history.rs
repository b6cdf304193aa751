//! The history of queries, in the prompt's own file and format.

use std::path::PathBuf;

use rustyline::Config;
use rustyline::history::{DefaultHistory, History as _};

use crate::repl::history;

/// As many queries as the prompt keeps.
const MOST: usize = 10_000;

/// The file and what it holds.
pub struct History {
    entries: DefaultHistory,
    path: Option<PathBuf>,
}

impl History {
    /// Opens the prompt's history, or the file that is `named` in its place; a sentence where it cannot be kept.
    #[must_use]
    pub fn open(named: Option<&str>) -> (Self, Option<String>) {
        let opened = history::path(named).and_then(|found| {
            let path = found.map(|(path, _)| path);
            path.as_deref().map(history::prepare).transpose()?;
            Ok(path)
        });
        let config = Config::builder()
            .history_ignore_space(true)
            .max_history_size(MOST);
        let config = config.map_or_else(|_| Config::default(), |builder| builder.build());
        let mut entries = DefaultHistory::with_config(&config);
        match opened {
            Ok(path) => {
                if let Some(path) = &path {
                    // A history that cannot be read is an empty one; saving says so if it stays that way.
                    let _ = entries.load(path);
                }
                (Self { entries, path }, None)
            }
            Err(error) => {
                let why = format!("history is not kept: {error}");
                (
                    Self {
                        entries,
                        path: None,
                    },
                    Some(why),
                )
            }
        }
    }

    /// All queries, oldest first.
    #[must_use]
    pub fn queries(&self) -> Vec<String> {
        self.entries.iter().cloned().collect()
    }

    /// Adds a query.
    ///
    /// # Errors
    /// A sentence when it cannot be written; said once.
    pub fn add(&mut self, query: &str) -> Result<(), String> {
        let added = self.entries.add(query.trim_end()).unwrap_or(false);
        let Some(path) = self.path.clone().filter(|_| added) else {
            return Ok(());
        };
        self.entries.append(&path).map_err(|error| {
            self.path = None;
            format!("history is not kept: {}: {error}", path.display())
        })
    }
}
