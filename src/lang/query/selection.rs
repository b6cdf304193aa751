//! A choice of components, by name, by score, by chance or from an earlier answer.

use super::concept::{Concept, Prompt};
use super::score::Score;
use super::unit::Unit;
use crate::lang::ast::Joint;

/// A choice of components: terms added and taken away, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The terms; the first joins with [`Joint::And`].
    pub terms: Vec<(Joint, Term)>,
}

/// A term of a selection.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// The units that score highest or lowest.
    Extreme(Extreme),
    /// Units drawn at random.
    Random {
        /// How many.
        count: usize,
        /// Among which.
        units: Vec<Unit>,
        /// The seed of the draw.
        seed: u64,
    },
    /// These units.
    Units(Vec<Unit>),
    /// The units of a result, which has a column `unit`.
    Result(String),
}

/// The `count` units that score highest (or lowest) for a concept, or for it minus another.
#[derive(Clone, Debug, PartialEq)]
pub struct Extreme {
    /// Whether the highest are meant.
    pub top: bool,
    /// How many.
    pub count: usize,
    /// Among which.
    pub units: Vec<Unit>,
    /// The concept.
    pub concept: Concept,
    /// The concept whose score is taken off.
    pub over: Option<Concept>,
    /// How they are scored.
    pub score: Score,
    /// How the concepts are put.
    pub prompt: Prompt,
}

impl Selection {
    /// The terms that choose by score.
    pub fn extremes(&self) -> impl Iterator<Item = &Extreme> {
        self.terms.iter().filter_map(|(_, term)| match term {
            Term::Extreme(extreme) => Some(extreme),
            _ => None,
        })
    }
}
