//! Alignments on disk, and the tickets to use one and to keep a new one.

use std::sync::Arc;

use crate::align::Alignment;
use crate::desk::plan::Work;
use crate::desk::stored::alignment_file::{align_blob, load_alignment, save_alignment};
use crate::desk::stored::decomposition::Stored;
use crate::desk::{Carried, Desk, DeskError, Planner};

/// The right to use a model's maps into the space of a CLIP.
#[derive(Clone)]
pub struct AlignmentTo {
    stored: Arc<Stored>,
    clip: String,
}

/// The right to keep an alignment that is fitted, in place of the one there is, if any.
pub struct NewAlignment {
    stored: Arc<Stored>,
    clip: String,
}

impl Planner<'_> {
    /// Plans to use the alignment of a model to a CLIP; that of the CLIP to itself costs nothing and is no step.
    ///
    /// # Errors
    /// When there is no such CLIP.
    pub fn alignment(
        &mut self,
        stored: &Arc<Stored>,
        clip: &str,
    ) -> Result<AlignmentTo, DeskError> {
        let ticket = AlignmentTo {
            stored: stored.clone(),
            clip: clip.to_owned(),
        };
        if stored.model() != clip {
            self.model_card(clip)?;
            let there = stored.decomposition().blobs()?.contains(&align_blob(clip));
            self.add(Work::Alignment {
                model: stored.model().to_owned(),
                clip: clip.to_owned(),
                stored: there,
            });
        }
        Ok(ticket)
    }

    /// The alignment of a model to a CLIP, to tell how good it is. That is no step: nothing rests on it.
    #[must_use]
    pub fn listed_alignment(&self, stored: &Arc<Stored>, clip: &str) -> AlignmentTo {
        AlignmentTo {
            stored: stored.clone(),
            clip: clip.to_owned(),
        }
    }

    /// Plans to fit a model's maps into the space of a CLIP, with what `inside` plans, and to keep them.
    ///
    /// # Errors
    /// When the files beside the decomposition can't be listed; what `inside` fails with.
    pub fn new_alignment<T>(
        &mut self,
        stored: &Arc<Stored>,
        clip: &str,
        inside: impl FnOnce(&mut Self) -> Result<T, DeskError>,
    ) -> Result<(NewAlignment, T), DeskError> {
        let there = match stored.decomposition().blobs()?.contains(&align_blob(clip)) {
            true => "replaces the one stored",
            false => "new",
        };
        let model = stored.model();
        let words = format!("fit maps of {model} into the space of {clip} ({there})");
        let made = self.step(words, inside)?;
        let ticket = NewAlignment {
            stored: stored.clone(),
            clip: clip.to_owned(),
        };
        Ok((ticket, made))
    }
}

impl AlignmentTo {
    /// The CLIP.
    #[must_use]
    pub fn clip(&self) -> &str {
        &self.clip
    }

    /// Whether it is a CLIP's own space.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.stored.model() == self.clip
    }

    /// The model's maps carried into the space of the CLIP.
    ///
    /// # Errors
    /// When the model is not aligned to it on the set.
    pub fn carried(&self, desk: &Desk<'_>) -> Result<Carried, DeskError> {
        desk.shelf.aligned(&self.stored, &self.clip, desk.cancel)
    }

    /// The alignment itself.
    ///
    /// # Errors
    /// As [`Self::carried`].
    pub fn fitted(&self, desk: &Desk<'_>) -> Result<Alignment, DeskError> {
        load_alignment(desk.shelf.store, &self.stored, &self.clip)
    }
}

impl NewAlignment {
    /// Keeps an alignment; the moments that rested on the one before are gone with it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(self, alignment: &Alignment, desk: &mut Desk<'_>) -> Result<(), DeskError> {
        save_alignment(desk.shelf.store, &self.stored, &self.clip, alignment)?;
        desk.models.forget_scorings();
        Ok(())
    }
}
