//! What can be wrong with a statement: one enum per stage, each variant with the span it is about. The messages are one
//! sentence; what was nearest and what to do come from [`Problem`], and [`Problem::failure`]
//! hands them on.

mod problem;
mod resolving;
mod syntax;

pub use self::problem::Problem;
pub(super) use self::problem::join;
pub use self::resolving::ResolveError;
pub use self::syntax::SyntaxError;
use super::span::Span;

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
