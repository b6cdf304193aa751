//! [`ImageEmbeddings`]: the ticket to read what a CLIP represents images by, which maps are fitted to.

use crate::align::{NoTarget, Targets};
use crate::contributions::ReadError;
use crate::desk::stored::decomposition::unreadable;
use crate::desk::{Desk, DeskError, Planner};
use crate::store::Decomposition;

/// The right to read a CLIP's representations of the images of a set.
pub struct ImageEmbeddings {
    clip: String,
    set: String,
}

impl Planner<'_> {
    /// Plans to read a CLIP's representations of the images whose rows are read too.
    pub fn image_embeddings(&mut self, clip: &str, set: &str) -> ImageEmbeddings {
        self.says(format!("read: embeddings of the same images by {clip}"));
        ImageEmbeddings {
            clip: clip.to_owned(),
            set: set.to_owned(),
        }
    }
}

impl ImageEmbeddings {
    /// The representations.
    ///
    /// # Errors
    /// When the set is not decomposed with the CLIP, or what is stored is unfinished or of another model or set.
    pub fn open(&self, desk: &Desk<'_>) -> Result<StoredTargets, DeskError> {
        let done = desk.shelf.store.decomposition(&self.clip, &self.set)?;
        Ok(StoredTargets::of(done))
    }
}

/// The representations of a stored CLIP decomposition, by image.
pub struct StoredTargets {
    decomposition: Decomposition,
}

impl StoredTargets {
    /// Those of a decomposition with a CLIP.
    pub(in crate::desk) fn of(decomposition: Decomposition) -> Self {
        Self { decomposition }
    }

    /// The ids of the images, sorted.
    ///
    /// # Errors
    /// When a part can't be read.
    pub fn ids(&self) -> Result<Vec<u32>, DeskError> {
        let mut ids = Vec::new();
        for part in 0..self.decomposition.parts() {
            ids.extend_from_slice(self.decomposition.part(part)?.ids());
        }
        Ok(ids)
    }
}

impl Targets for StoredTargets {
    fn dim(&self) -> usize {
        self.decomposition.dims()
    }

    fn read(&self, ids: &[u32]) -> Result<Vec<f32>, ReadError> {
        let width = self.decomposition.dims();
        let mut values = Vec::with_capacity(ids.len() * width);
        for id in ids {
            let part = self
                .decomposition
                .manifest()
                .parts
                .partition_point(|part| part.end <= *id as usize);
            let missing = || ReadError(Box::new(NoTarget(*id)));
            if part >= self.decomposition.parts() {
                return Err(missing());
            }
            let part = self.decomposition.part(part).map_err(unreadable)?;
            let row = part.ids().binary_search(id).map_err(|_| missing())?;
            values
                .extend_from_slice(&part.z().map_err(unreadable)?[row * width..(row + 1) * width]);
        }
        Ok(values)
    }
}
