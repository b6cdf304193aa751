//! What went wrong, as data: one sentence, the place in the query, what to do, and the exit code that follows.
//!
//! Every stage turns its own error into a [`Failure`] here at the edge; `output::report` is the only place that draws one.

use std::fmt;
use std::io;
use std::ops::Range;

use crate::work::cancel::Cancelled;

/// How a run ended, as the shell sees it. The codes are part of the interface: scripts rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything was answered, or the reader of our output went away (`vitscope … | head -1`).
    Success,
    /// A query failed: wrong syntax, unknown name, or an error while it ran.
    Query,
    /// The command line or the configuration is wrong.
    Usage,
    /// The store, a model or an image set that is needed is not there.
    Missing,
    /// Stopped by Ctrl-C.
    Cancelled,
}

impl Exit {
    /// The process exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Query => 1,
            Self::Usage => 2,
            Self::Missing => 3,
            Self::Cancelled => 130,
        }
    }
}

/// A statement or a run that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it means for the exit code.
    pub exit: Exit,
    /// What to tell the user; boxed, because results carry failures about.
    pub diagnosis: Box<Diagnosis>,
}

/// What to tell the user about a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// One sentence that says what is wrong.
    pub message: String,
    /// A stable name for this kind of error: `unknown_model`.
    pub code: Option<String>,
    /// Places in the source, as byte ranges, each with a few words. The first is where the error is.
    pub labels: Vec<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
    /// Where the query came from: a file name or `query`. Empty where there is no query.
    pub source_name: String,
    /// The whole text that the labels point into.
    pub source_text: String,
}

impl Failure {
    /// A failure without a place in a query.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let diagnosis = Diagnosis {
            message: message.into(),
            ..Diagnosis::default()
        };
        Self {
            exit,
            diagnosis: Box::new(diagnosis),
        }
    }

    /// The same failure with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.diagnosis.help = Some(help.into());
        self
    }

    /// Whether there is anything to tell: not when the reader of our output simply went away.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.exit == Exit::Success
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnosis.message)
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    /// An answer that could not be written. A closed pipe is how readers say “enough”: no failure at all.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Success, "the reader of the output has gone");
        }
        Self::new(
            Exit::Query,
            format!("the answer could not be written: {}", in_words(&error)),
        )
    }
}

/// What the operating system says, without its number.
#[must_use]
pub fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        io::ErrorKind::NotADirectory => "a file is where a folder should be".into(),
        io::ErrorKind::ReadOnlyFilesystem => "it is on a read-only file system".into(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full".into(),
        io::ErrorKind::FileTooLarge => "the file would be larger than is allowed here".into(),
        _ => error.to_string(),
    }
}

impl From<Cancelled> for Failure {
    fn from(_: Cancelled) -> Self {
        Self::new(Exit::Cancelled, "cancelled")
    }
}

impl Diagnosis {
    /// Line and column, both from 1, columns in characters, of a byte offset into the source.
    #[must_use]
    pub fn line_and_column(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.source_text.len());
        while !self.source_text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.source_text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_success_and_any_other_write_error_is_not() {
        let closed = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!(closed.exit.code(), 0);
        let full = Failure::from(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(full.exit.code(), 1);
        assert!(!full.is_silent());
    }

    #[test]
    fn columns_count_characters_and_offsets_outside_are_clamped() {
        let diagnosis = Diagnosis {
            source_text: "rank é\nfor ü x".into(),
            ..Diagnosis::default()
        };
        assert_eq!(diagnosis.line_and_column(0), (1, 1));
        assert_eq!(
            diagnosis.line_and_column("rank é\nfor ü ".len()),
            (2, 7),
            "two-byte letters are one column each"
        );
        assert_eq!(diagnosis.line_and_column(6), (1, 6), "inside a letter");
        assert_eq!(diagnosis.line_and_column(999), (2, 8));
    }
}
