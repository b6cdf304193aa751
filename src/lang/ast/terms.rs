//! The parts of statements: units, concepts, images, selections, conditions, pipe stages.

use super::value::Slot;
use crate::lang::span::Spanned;

/// A sort of unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// Attention heads.
    Head,
    /// MLPs.
    Mlp,
    /// Convolution branches.
    Conv,
    /// Hidden neurons of MLPs.
    Neuron,
    /// Whole layers.
    Layer,
    /// Image tokens.
    Token,
    /// Every component.
    Component,
    /// The embedded tokens.
    Init,
    /// All constants.
    Bias,
}

/// Units as written: `heads`, `head 5.2`, `heads 5.*`, `heads 4.0 to 5.3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    /// Their sort.
    pub kind: UnitKind,
    /// Whether the singular was written.
    pub single: bool,
    /// The first place, if any is given.
    pub from: Option<Spanned<Place>>,
    /// The last place of a range.
    pub to: Option<Spanned<Place>>,
}

/// A layer, or something within a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The layer, from 0.
    pub layer: u32,
    /// What within it.
    pub part: PlacePart,
}

/// What a place says after its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacePart {
    /// Nothing: `5`.
    Unsaid,
    /// A number: `5.2`.
    One(u32),
    /// All: `5.*`.
    All,
}

/// A concept as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Concept {
    /// A bare name or quoted text: a feature's name, or a text.
    Named(Slot),
    /// `text "…"`: the text itself.
    Itself(Slot),
    /// `("…", "…")`
    Texts(Vec<Slot>),
}

/// An image as written.
#[allow(missing_docs)] // the fields are the words of the statement
#[derive(Clone, Debug, PartialEq)]
pub enum ImageRef {
    /// `"probe.jpg"`
    File(Slot),
    /// `scenes[17]`
    InSet { set: Slot, row: Slot },
}

/// A choice of components: a first term and what is added to or taken from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The first term.
    pub first: Spanned<Term>,
    /// `and …`, `except …`, in order.
    pub rest: Vec<(Joint, Spanned<Term>)>,
}

/// How a term joins a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// `and`: these too.
    And,
    /// `except`: these not.
    Except,
}

/// A term of a selection.
#[allow(missing_docs)] // the fields are the words of the statement
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// `top N UNITS for CONCEPT over CONCEPT`, or `bottom …`.
    Extreme {
        top: bool,
        count: Slot,
        units: Spanned<Units>,
        concept: Spanned<Concept>,
        over: Option<Spanned<Concept>>,
    },
    /// `random N UNITS seed K`
    Random {
        count: Slot,
        units: Spanned<Units>,
        seed: Option<Slot>,
    },
    /// Units by name.
    Units(Units),
    /// A ranked result.
    Result(Slot),
}

/// A condition. `And` and `Or` hold at least two.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// One test of a column.
    Test(Spanned<Test>),
    /// `not …`
    Not(Box<Condition>),
    /// `… and …`
    And(Vec<Condition>),
    /// `… or …`
    Or(Vec<Condition>),
}

/// One test of a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// The column.
    pub column: Slot,
    /// `not` before `in`, `like`, `between`.
    pub negated: bool,
    /// What is tested.
    pub check: Check,
}

/// What a [`Test`] tests.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// `= 5`
    Compare(Comparison, Slot),
    /// `in (1, 2)`
    In(Vec<Slot>),
    /// `like "%fish"`
    Like(Slot),
    /// `between 1 and 5`
    Between(Slot, Slot),
}

/// A comparison sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// What is done to an answer after a `|`.
#[allow(missing_docs)] // the fields are the words of the statement
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// `where …`
    Where(Spanned<Condition>),
    /// `sort COLUMN desc, …`
    Sort(Vec<SortKey>),
    /// `select COLUMN, …`
    Select(Vec<Slot>),
    /// `take N`
    Take(Slot),
    /// `group COLUMN, …: mean COLUMN, …`
    Group {
        by: Vec<Slot>,
        aggregates: Vec<Aggregate>,
    },
    /// `save "FILE"`
    Save(Slot),
}

/// A column to sort by.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The column.
    pub column: Slot,
    /// Largest first.
    pub descending: bool,
}

/// One computed column of a `group` stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// `mean`, `max`, `min`, `sum`, `count`, `median`, `std`.
    pub reducer: Slot,
    /// The column; `count` needs none.
    pub column: Option<Slot>,
}
