//! The embeddings an alignment is fitted to: CLIP's, image by image.

use std::collections::HashMap;

use crate::contributions::ReadError;

/// Target embeddings by image id. The store answers from a CLIP decomposition's z without holding it whole.
pub trait Targets: Sync {
    /// Width of an embedding, `K`.
    fn dim(&self) -> usize;

    /// The embeddings of the images `ids`, `[ids.len(), K]` row-major, of any length.
    ///
    /// # Errors
    /// [`ReadError`] when they cannot be read, or an image has none.
    fn read(&self, ids: &[u32]) -> Result<Vec<f32>, ReadError>;
}

/// Target embeddings that are already in memory.
#[derive(Clone, Debug, Default)]
pub struct InMemoryTargets {
    dim: usize,
    row_of: HashMap<u32, usize>,
    values: Vec<f32>,
}

/// No target embedding is known for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "image {0} has no CLIP embedding to align to; decompose the same images with the CLIP model first"
)]
pub struct NoTarget(pub u32);

impl InMemoryTargets {
    /// The embeddings `values` `[ids.len(), dim]` of the images `ids`.
    ///
    /// # Panics
    /// When `values` does not have `ids.len() * dim` numbers.
    #[must_use]
    pub fn new(ids: &[u32], values: Vec<f32>, dim: usize) -> Self {
        assert_eq!(values.len(), ids.len() * dim, "one embedding per image id");
        Self {
            dim,
            row_of: ids.iter().enumerate().map(|(row, &id)| (id, row)).collect(),
            values,
        }
    }
}

impl Targets for InMemoryTargets {
    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, ids: &[u32]) -> Result<Vec<f32>, ReadError> {
        let mut found = Vec::with_capacity(ids.len() * self.dim);
        for id in ids {
            let row = *self
                .row_of
                .get(id)
                .ok_or_else(|| ReadError(Box::new(NoTarget(*id))))?;
            found.extend_from_slice(&self.values[row * self.dim..(row + 1) * self.dim]);
        }
        Ok(found)
    }
}
