//! Texts that aren't statements.

use super::problem::{Problem, did_you_mean, join};
use crate::lang::expect::{self, Expected};
use crate::lang::span::Span;

/// The text isn't a statement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // the fields are named in the messages
pub enum SyntaxError {
    /// Something else was expected here.
    #[error("expected {}, found {found}", one_of(expected))]
    Unexpected {
        found: String,
        expected: Vec<Expected>,
        nearest: Option<String>,
        span: Span,
    },
    /// The text ends too soon.
    #[error("the statement isn't finished: expected {}", one_of(expected))]
    Unfinished { expected: Vec<Expected>, span: Span },
    /// A quote is never closed.
    #[error("the string that begins here has no closing {quote}")]
    OpenQuote { quote: char, span: Span },
    /// An option is given twice.
    #[error("`{option}` is given twice")]
    Twice { option: String, span: Span },
    /// `head` without its place.
    #[error("`{word}` names one unit, and a place such as {example} must say which")]
    MissingPlace {
        word: &'static str,
        many: &'static str,
        example: &'static str,
        span: Span,
    },
    /// `head 4.0 to 5.3`.
    #[error("`{word}` names one unit; several are `{many}`")]
    SingularRange {
        word: &'static str,
        many: &'static str,
        span: Span,
    },
    /// A number too large for any use.
    #[error("{number} is too large a number")]
    HugeNumber { number: String, span: Span },
    /// Too many parentheses within one another.
    #[error("parentheses nest more than {limit} deep here")]
    TooDeep { limit: usize, span: Span },
    /// The statement is too long to parse in reasonable time.
    #[error("this statement is too long")]
    TooLong { span: Span },
}

impl Problem for SyntaxError {
    fn span(&self) -> Span {
        match self {
            Self::Unexpected { span, .. }
            | Self::Unfinished { span, .. }
            | Self::OpenQuote { span, .. }
            | Self::Twice { span, .. }
            | Self::MissingPlace { span, .. }
            | Self::SingularRange { span, .. }
            | Self::HugeNumber { span, .. }
            | Self::TooDeep { span, .. }
            | Self::TooLong { span } => *span,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Unexpected { .. } => "not expected here".to_owned(),
            Self::Unfinished { .. } => "more must follow".to_owned(),
            Self::OpenQuote { .. } => "opened here".to_owned(),
            Self::Twice { .. } => "the second time".to_owned(),
            Self::MissingPlace { .. } => "which one?".to_owned(),
            Self::SingularRange { many, .. } => format!("expected `{many}`"),
            Self::HugeNumber { .. } => "this number".to_owned(),
            Self::TooDeep { .. } => "this one is too many".to_owned(),
            Self::TooLong { .. } => "here".to_owned(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unexpected {
                nearest, expected, ..
            } => did_you_mean(nearest.as_deref()).or_else(|| {
                is_any_statement(expected).then(|| "`help` lists the statements".to_owned())
            }),
            Self::OpenQuote { quote, .. } => Some(format!(
                "close it with {quote}; inside a string, write \\{quote} for the sign itself"
            )),
            Self::Twice { option, .. } => Some(format!("keep one `{option}`")),
            Self::MissingPlace {
                word,
                many,
                example,
                ..
            } => Some(format!(
                "write `{word} {example}` for one, `{many}` for all"
            )),
            Self::SingularRange { many, .. } => did_you_mean(Some(many)),
            Self::TooLong { .. } | Self::TooDeep { .. } => {
                Some("split it into several statements".to_owned())
            }
            Self::Unfinished { .. } | Self::HugeNumber { .. } => None,
        }
    }

    fn nearest(&self) -> Option<&str> {
        match self {
            Self::Unexpected { nearest, .. } => nearest.as_deref(),
            Self::MissingPlace { many, .. } | Self::SingularRange { many, .. } => Some(many),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "syntax::unexpected",
            Self::Unfinished { .. } => "syntax::unfinished",
            Self::OpenQuote { .. } => "syntax::open_quote",
            Self::Twice { .. } => "syntax::twice",
            Self::MissingPlace { .. } => "syntax::missing_place",
            Self::SingularRange { .. } => "syntax::singular_range",
            Self::HugeNumber { .. } => "syntax::huge_number",
            Self::TooDeep { .. } => "syntax::too_deep",
            Self::TooLong { .. } => "syntax::too_long",
        }
    }
}

/// `a`, `b` or `c`, cut short if there are many.
fn one_of(expected: &[Expected]) -> String {
    if is_any_statement(expected) {
        return "a statement such as `rank`, `show` or `help`".to_owned();
    }
    let only_end = expected.iter().all(|e| *e == Expected::End);
    let words: Vec<_> = expected
        .iter()
        .filter(|e| only_end || **e != Expected::End)
        .map(ToString::to_string)
        .collect();
    match words.len() {
        0 => "something else".to_owned(),
        1..=6 => join(&words, "or"),
        _ => format!("{} or another word", words[..5].join(", ")),
    }
}

/// Whether a statement could begin here.
fn is_any_statement(expected: &[Expected]) -> bool {
    expected.len() >= expect::statement_keywords().len()
}
