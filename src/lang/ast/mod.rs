//! The syntax tree: what was written, word for word, each word with its place. Nothing here is looked up yet; names may
//! name nothing and numbers may be out of range until [`super::resolve`] has seen them.

mod clause;
mod terms;
mod value;

pub use self::clause::{Clause, Part, Sort};
pub use self::terms::{
    Aggregate, Check, Comparison, Concept, Condition, ImageRef, Joint, Place, PlacePart, Selection,
    SortKey, Stage, Term, Test, UnitKind, Units,
};
pub use self::value::{Slot, Value};
use super::span::Spanned;

/// A whole statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does.
    pub body: Body,
    /// `| …`, in order.
    pub stages: Vec<Stage>,
    /// `into NAME`.
    pub into: Option<Slot>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// What its clause says.
    Does(Clause),
    /// It shows the plan of another.
    Explains(Box<Spanned<Statement>>),
}
