//! What a statement is about: a model and images.

use super::concept::Prompt;
use super::unit::Unit;
use crate::lang::filter::Filter;

/// A model and the images it is asked about: together, what a stored decomposition is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The model.
    pub model: String,
    /// The images.
    pub set: String,
}

/// Units of a model that are asked about in words.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitsAsked {
    /// The model, and the images.
    pub target: Target,
    /// How it is asked.
    pub prompt: Prompt,
    /// The units, filtered, in order, each once.
    pub units: Vec<Unit>,
}

/// What remains of a `where` clause about units once the units are chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// What a row of the answer must satisfy: the part that speaks of `score`.
    pub after: Option<Filter>,
}

/// An image to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Image {
    /// A file.
    File(String),
    /// An image of a set, by row from 0.
    InSet { set: String, row: usize },
}
