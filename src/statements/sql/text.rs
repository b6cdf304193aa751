//! SQL as it stands in its statement: places in it.

use std::ops::Range;

use crate::desk::DeskError;

/// SQL and where it begins in the source of its statement, if it stands there letter for letter.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// Where it begins.
    pub from: Option<usize>,
}

impl Text<'_> {
    /// What is wrong with it, at a place in it.
    pub fn error(
        self,
        message: String,
        place: Option<Range<usize>>,
        help: Option<String>,
    ) -> DeskError {
        let shifted = |place: Range<usize>| {
            let from = self.from?;
            Some(from + place.start..from + place.end)
        };
        DeskError::Sql {
            message,
            place: place.and_then(shifted),
            help,
        }
    }

    /// The first word, and its place.
    pub fn first_word(self) -> (String, Range<usize>) {
        let start = self.sql.len() - self.sql.trim_start().len();
        let letters = self.sql[start..].chars();
        let word: String = letters.take_while(|c| c.is_alphabetic()).collect();
        let place = start..start + word.len();
        (word, place)
    }

    /// Where a name first stands as a word of its own.
    pub fn place_of(self, name: &str) -> Option<Range<usize>> {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        self.sql
            .match_indices(name)
            .map(|(at, _)| at..at + name.len())
            .find(|place| {
                !self.sql[..place.start].ends_with(part_of_word)
                    && !self.sql[place.end..].starts_with(part_of_word)
            })
    }

    /// The word at a line and a column in characters, both from 1.
    pub fn word_at(self, line: usize, column: usize) -> Option<Range<usize>> {
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
