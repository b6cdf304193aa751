//! What can be wrong with a statement: one enum per stage, each variant with the span it is about. The messages are one
//! sentence; what was nearest and what to do come from [`Problem`], and [`Problem::failure`]
//! hands them on.

mod resolving;
mod syntax;

pub use self::resolving::ResolveError;
pub use self::syntax::SyntaxError;
use super::span::Span;
use crate::interface::failure::{Diagnosis, Exit, Failure};

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

/// Anything the language can say is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LangError {
    /// Not a statement.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// Not a statement that can be carried out.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

/// `a, b or c`.
pub(super) fn join(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

fn did_you_mean(nearest: Option<&str>) -> Option<String> {
    nearest.map(|word| format!("did you mean `{word}`?"))
}

impl LangError {
    fn problem(&self) -> &dyn Problem {
        match self {
            Self::Syntax(error) => error,
            Self::Resolve(error) => error,
        }
    }
}

impl Problem for LangError {
    fn span(&self) -> Span {
        self.problem().span()
    }
    fn label(&self) -> String {
        self.problem().label()
    }
    fn help(&self) -> Option<String> {
        self.problem().help()
    }
    fn nearest(&self) -> Option<&str> {
        self.problem().nearest()
    }
    fn code(&self) -> &'static str {
        self.problem().code()
    }
}
