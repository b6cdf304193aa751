//! What every error of the language can say about itself.

use crate::interface::failure::{Diagnosis, Exit, Failure};
use crate::lang::span::Span;

/// What every error of the language can say about itself.
pub trait Problem: std::error::Error {
    /// The exact place.
    fn span(&self) -> Span;
    /// What to write under the place.
    fn label(&self) -> String;
    /// What to do about it.
    fn help(&self) -> Option<String>;
    /// The known word nearest to what was written.
    fn nearest(&self) -> Option<&str> {
        None
    }
    /// A stable name for the sort of error, for JSON.
    fn code(&self) -> &'static str;

    /// The error with its place in `text`, the source called `name`.
    fn failure(&self, name: &str, text: &str) -> Failure {
        let diagnosis = Diagnosis {
            message: self.to_string(),
            code: Some(self.code().to_owned()),
            labels: vec![(self.span().range(), self.label())],
            help: self.help(),
            source_name: name.to_owned(),
            source_text: text.to_owned(),
        };
        Failure {
            exit: Exit::Query,
            diagnosis: Box::new(diagnosis),
        }
    }
}

/// `a, b or c`.
pub(in crate::lang) fn join(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

pub(super) fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|word| format!("did you mean `{word}`?"))
}
