//! `sql "…"`: SQL over the answers so far, the images of sets and the units of models. polars reads and runs it.

use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use polars::prelude::{DataFrame, IntoLazy, PolarsError};
use polars::sql::{SQLContext, extract_table_identifiers};

use super::explain::Step;
use super::{Desk, EngineError};
use crate::interface::answer::Answer;
use crate::lang::suggest::nearest;

/// How often a running query looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(30);

/// polars goes down a level for every `or` and `+`, with some 60 KB of stack. This much is reserved, not used.
const STACK: usize = 1 << 30;

/// Longer SQL could be nested deeper than the stack holds.
const LONGEST: usize = 32_000;

/// The words a query may begin with. Others would change tables that are gone with the statement.
const QUERIES: [&str; 3] = ["select", "with", "from"];

/// SQL and where it begins in the source of its statement, if it stands there letter for letter.
#[derive(Clone, Copy)]
struct Text<'a> {
    sql: &'a str,
    from: Option<usize>,
}

/// A table that SQL can name.
enum Table {
    Result(DataFrame),
    Images(String),
    Units(String),
}

impl Desk<'_> {
    /// The answer of a SQL query.
    ///
    /// # Errors
    /// [`EngineError::Sql`], with the place in the source where polars tells one.
    pub(super) fn sql(&self, sql: &str, from: Option<usize>) -> Result<Answer, EngineError> {
        let text = Text { sql, from };
        let mut context = SQLContext::new();
        for (name, table) in self.tables(text)? {
            context.register(&name, self.frame_of(table)?.lazy());
        }
        let failed = |error| self.failed(text, &error);
        let owned = sql.to_owned();
        let frame = self.aside(move || context.execute(&owned)?.collect())?;
        Ok(Answer {
            frame: frame.map_err(failed)?,
            cached: true,
            ..Answer::default()
        })
    }

    /// What a SQL query reads.
    pub(super) fn plan_sql(&self, sql: &str, from: Option<usize>) -> Result<Step, EngineError> {
        let tables = self.tables(Text { sql, from })?;
        let reads = tables.into_iter().map(|(name, table)| {
            Step::new(match table {
                Table::Result(frame) => format!("read: the answer {name}, {} rows", frame.height()),
                Table::Images(set) => {
                    let rows = self.catalog.set(&set).map_or(0, |set| set.rows);
                    format!("read: the metadata of {rows} images of {set}")
                }
                Table::Units(model) => format!("read: the units of {model}"),
            })
        });
        Ok(Step::new("run SQL; no model is needed").from(reads))
    }

    /// The tables that a query names, under the names it gives them. One that names nothing may be a `with` of its own.
    fn tables(&self, text: Text<'_>) -> Result<Vec<(String, Table)>, EngineError> {
        if text.sql.len() > LONGEST {
            return Err(EngineError::refused(
                format!("the SQL is longer than {LONGEST} bytes"),
                "do it in smaller steps, each kept with `into NAME`",
            ));
        }
        let first: String = text
            .sql
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphabetic())
            .collect();
        let is_query = QUERIES.contains(&first.to_lowercase().as_str());
        if !is_query && !first.is_empty() {
            let start = text.sql.len() - text.sql.trim_start().len();
            return Err(text.error(
                format!("`{first}` begins no query"),
                Some(start..start + first.len()),
                Some(match slip_of(&first) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => {
                        "`sql` asks: select … from …; `save` and `into` keep the answer".to_owned()
                    }
                }),
            ));
        }
        let owned = text.sql.to_owned();
        let named = self
            .aside(move || extract_table_identifiers(&owned, false, true))?
            .map_err(|error| self.failed(text, &error))?;
        let tables = named.into_iter().filter_map(|name| {
            let table = self.table_named(&name)?;
            Some((name, table))
        });
        Ok(tables.collect())
    }

    fn table_named(&self, name: &str) -> Option<Table> {
        if let Some(result) = self.catalog.result(name) {
            return self.results.get(&result.name).cloned().map(Table::Result);
        }
        if let Some(set) = self.catalog.set(name) {
            return Some(Table::Images(set.name.clone()));
        }
        let model = self.catalog.model(name)?;
        Some(Table::Units(model.name.clone()))
    }

    fn frame_of(&self, table: Table) -> Result<DataFrame, EngineError> {
        Ok(match table {
            Table::Result(frame) => frame,
            Table::Images(set) => self.set(&set)?.frame().clone(),
            Table::Units(model) => self.show_units(&model)?.frame,
        })
    }

    /// Does polars' work aside, on a stack deep enough for it, so that Ctrl-C brings the prompt back at once; what was
    /// begun ends by itself.
    fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (send, answer) = channel();
        let started = thread::Builder::new().stack_size(STACK).spawn(move || {
            // Nobody listens any more after Ctrl-C.
            let _ = send.send(work());
        });
        if let Err(error) = started {
            return Err(EngineError::refused(
                format!("there is no memory for this query: {error}"),
                "try it in smaller steps, each kept with `into NAME`",
            ));
        }
        loop {
            match answer.recv_timeout(LOOK_UP) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => self.cancel.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(EngineError::refused(
                        "polars gave up on this query",
                        "try it in smaller steps, each kept with `into NAME`",
                    ));
                }
            }
        }
    }

    /// What polars says, as a sentence with a place and a way out.
    fn failed(&self, text: Text<'_>, error: &PolarsError) -> EngineError {
        let said = error.to_string();
        let said = said.split("\n\n").next().unwrap_or_default().trim();
        if let Some(name) = between(said, "relation '", "' was not found") {
            return text.error(
                format!("there is no table `{name}`"),
                text.place_of(name),
                self.other_table(name),
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
        let (said, place) = text.located(said);
        text.error(format!("the SQL can't be run: {said}"), place, None)
    }

    fn other_table(&self, name: &str) -> Option<String> {
        let catalog = self.catalog;
        let results = catalog.results.iter().map(|result| result.name.as_str());
        let sets = catalog.sets.iter().map(|set| set.name.as_str());
        let models = catalog.models.iter().map(|model| model.name.as_str());
        let known: Vec<&str> = results.chain(sets).chain(models).collect();
        let hint = "`… into NAME` makes an answer a table";
        instead(name, &known, "tables").or_else(|| Some(hint.to_owned()))
    }
}

impl Text<'_> {
    fn error(
        self,
        message: String,
        place: Option<Range<usize>>,
        help: Option<String>,
    ) -> EngineError {
        let shifted = |place: Range<usize>| {
            let from = self.from?;
            Some(from + place.start..from + place.end)
        };
        EngineError::Sql {
            message,
            place: place.and_then(shifted),
            help,
        }
    }

    /// Where a name first stands as a word of its own.
    fn place_of(self, name: &str) -> Option<Range<usize>> {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        self.sql
            .match_indices(name)
            .map(|(at, _)| at..at + name.len())
            .find(|place| {
                !self.sql[..place.start].ends_with(part_of_word)
                    && !self.sql[place.end..].starts_with(part_of_word)
            })
    }

    /// What the parser says without its line and column, and the word that they point at.
    fn located(self, said: &str) -> (String, Option<Range<usize>>) {
        let said = said.strip_prefix("sql parser error: ").unwrap_or(said);
        let Some((sentence, place)) = said.rsplit_once(" at Line: ") else {
            let word = between(said, "'", "'");
            return (lower(said), word.and_then(|word| self.place_of(word)));
        };
        let sentence = &sentence
            .replace("Expected: ", "expected ")
            .replace("found: ", "found ");
        let numbers = place
            .split_once(", Column: ")
            .and_then(|(line, column)| Some((line.parse().ok()?, column.trim().parse().ok()?)));
        let place = numbers.and_then(|(line, column)| self.word_at(line, column));
        (lower(sentence), place)
    }

    /// The word at a line and a column in characters, both from 1.
    fn word_at(self, line: usize, column: usize) -> Option<Range<usize>> {
        let lines: Vec<&str> = self.sql.split_inclusive('\n').take(line).collect();
        let (last, before) = lines.split_last()?;
        let begin: usize = before.iter().map(|line| line.len()).sum();
        let (within, _) = last.char_indices().nth(column.checked_sub(1)?)?;
        let rest = &self.sql[begin + within..];
        let word = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        Some(begin + within..begin + within + word.max(one))
    }
}

/// The column that polars didn't find, in whichever of its ways it says so.
fn missing_column<'a>(error: &PolarsError, said: &'a str) -> Option<&'a str> {
    between(said, "unable to find column \"", "\"")
        .or_else(|| between(said, "unable to find column '", "'"))
        .or_else(|| matches!(error, PolarsError::ColumnNotFound(_)).then_some(said))
}

/// The word of a query that a first word was meant to be: one that begins alike, so that `drop` is no slip of `from`.
fn slip_of(first: &str) -> Option<&'static str> {
    let begins_alike = |near: &&str| near.chars().next() == first.to_lowercase().chars().next();
    nearest(first, QUERIES).filter(begins_alike)
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
