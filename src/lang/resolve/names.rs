//! What a statement's words mean: [`Names`] looks them up.

use crate::lang::catalog::{Catalog, Settings};
use crate::lang::error::ResolveError;

/// What looking up gives.
pub type Resolved<T> = Result<T, ResolveError>;

/// Looks names up in what there is, fills in what a statement leaves unsaid, and gathers notes on how it was read.
/// Whatever it refuses, it refuses with the place of the word in question.
pub struct Names<'a> {
    /// What there is.
    pub catalog: &'a Catalog,
    /// What statements leave unsaid.
    pub settings: &'a Settings,
    /// What the user should know about how the statement was read; each a sentence.
    pub notes: Vec<String>,
}

impl<'a> Names<'a> {
    /// Looks names up in a catalog.
    #[must_use]
    pub fn new(catalog: &'a Catalog, settings: &'a Settings) -> Self {
        Self {
            catalog,
            settings,
            notes: Vec::new(),
        }
    }
}
