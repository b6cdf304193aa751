//! [`ImageEmbeddings`]: the ticket to read what a CLIP represents images by, which maps are fitted to.

use crate::desk::stored::decomposition::StoredTargets;
use crate::desk::{Desk, DeskError, Planner};

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
        Ok(StoredTargets(done))
    }
}
