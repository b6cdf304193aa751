//! How images are mapped.

use super::concept::Prompt;
use super::selection::Selection;
use super::target::Target;

/// How images are mapped: what components of a model take from their tokens, along texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The model, and the images whose decomposition and alignment are used; those that are mapped may be others.
    pub target: Target,
    /// How texts are put.
    pub prompt: Prompt,
    /// The components that are looked at; all heads if this is nothing.
    pub using: Option<Selection>,
    /// Those of them that are left out.
    pub without: Option<Selection>,
}
