//! [`ByText`]: the ticket to look for images along a text.

use super::among::{Among, Which};
use super::answer::Retrieved;
use crate::analysis::furthest_along;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::rows::Rows;
use crate::desk::texts::embeddings::Texts;
use crate::desk::units::selection::ChosenOf;
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::{Concept, Prompt};

/// The right to look for images along a concept.
pub(super) struct ByText {
    concept: Concept,
    chosen: ChosenOf,
    rows: Rows,
    texts: Texts,
    alignment: AlignmentTo,
}

impl ByText {
    /// Plans it.
    pub fn plan(
        concept: &Concept,
        prompt: &Prompt,
        among: Among<'_>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let stored = among.stored.clone();
        let chosen = among.choose(planner)?;
        let which = match among.without {
            Some(_) => Which::ChosenLater,
            None => among.which()?,
        };
        let rows = among.rows(&which, planner);
        Ok(Self {
            chosen,
            rows,
            texts: planner.texts(prompt, concept.texts())?,
            alignment: planner.alignment(&stored, &prompt.clip)?,
            concept: concept.clone(),
        })
    }

    /// The images whose contributions reach furthest along a text: as published, the scalar product of the summed
    /// aligned contributions with the text's embedding (arXiv 2406.01583, section 5.2), for a feature the mean over its
    /// texts.
    pub fn run(self, count: usize, desk: &mut Desk<'_>) -> Result<Retrieved, DeskError> {
        let embeddings = self.texts.embed(desk)?;
        let direction = embeddings.mean_of(self.concept.texts());
        let aligned = self.alignment.carried(desk)?.aligned;
        let chosen = self.chosen.components(desk)?;
        let found = furthest_along(
            &self.rows.open()?,
            &aligned,
            &chosen.components,
            &direction,
            count,
            &self.rows.keeps(),
            desk.cancel,
            desk.progress,
        )?;
        let model = self.rows.stored().model();
        Ok(Retrieved {
            title: format!("images for {} in {model}", self.concept.label()),
            found,
            measure: "score",
            probe: None,
            notes: vec![format!("by {}", chosen.words)],
            cached: embeddings.cached,
        })
    }
}
