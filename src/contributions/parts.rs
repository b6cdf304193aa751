//! Where contributions are read from: parts of an image set, their columns one by one.

use std::borrow::Cow;
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

use super::slab::Slab;
use crate::decompose::RowSpec;

/// Factored contributions of an image set: contribution of component `i` = its row `[d_i]` · its map `[d_i, Dz]`.
///
/// A part is a table whose columns are read one by one, where they lie: a question about three heads touches three
/// columns.
pub trait Contributions: Sync {
    /// The components and the widths of their rows.
    fn specs(&self) -> &[RowSpec];
    /// The map of component `component`, `[d_i, Dz]`, row-major.
    fn map(&self, component: usize) -> &[f32];
    /// Width of the representation z, `Dz`.
    fn dim(&self) -> usize;
    /// How many parts the set comes in; each has some hundreds to some thousands of images.
    fn parts(&self) -> usize;
    /// The ids of a part's images, ascending.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError>;
    /// The representations of a part's images, `[n, Dz]`.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError>;
    /// The rows of one component for a part's images, `[n, d_i]`.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError>;
    /// The ids among which a part's are, where that is known without reading it.
    fn covers(&self, part: usize) -> Option<Range<u32>> {
        let _ = part;
        None
    }
}

impl<C: Contributions + Send + Sync> Contributions for Arc<C> {
    fn specs(&self) -> &[RowSpec] {
        (**self).specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        (**self).map(component)
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn parts(&self) -> usize {
        (**self).parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        (**self).ids(part)
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        (**self).z(part)
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        (**self).slab(part, component)
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        (**self).covers(part)
    }
}

/// A part that could not be read, for the reason its source gives.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReadError(#[from] pub Box<dyn Error + Send + Sync>);
