//! What a CLIP itself makes of images, where that is stored: the ticket to hold images against texts as it does.

use crate::desk::stored::clip_embeddings::StoredTargets;
use crate::desk::{DeskError, Planner};

impl Planner<'_> {
    /// Plans to hold what `inside` plans against how similar a CLIP finds the images of a set and texts; nothing where its
    /// own embeddings of the images are not stored.
    ///
    /// # Errors
    /// What `inside` fails with.
    pub fn clip_similarities<T>(
        &mut self,
        clip: &str,
        set: &str,
        inside: impl FnOnce(&mut Self) -> Result<T, DeskError>,
    ) -> Result<Option<(StoredTargets, T)>, DeskError> {
        let Ok(of_clip) = self.shelf.store.decomposition(clip, set) else {
            return Ok(None);
        };
        let words =
            format!("compute: correlations with the similarities of images and texts by {clip}");
        let made = self.step(words, inside)?;
        Ok(Some((StoredTargets::of(of_clip), made)))
    }
}
