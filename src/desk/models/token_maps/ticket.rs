//! [`Maps`]: the ticket to map images. The model runs on them, and what chosen components take from each of their tokens is
//! projected on texts.

use std::sync::Arc;

use super::one_image::TokenMapper;
use crate::align::Aligned;
use crate::decompose::ComponentKind;
use crate::desk::models::loaded::LoadedModel;
use crate::desk::models::passes::Passes;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::notes::note_alignment;
use crate::desk::texts::embeddings::{Embeddings, Texts};
use crate::desk::units::groups::Named;
use crate::desk::units::selection::ChosenOf;
use crate::desk::{Carried, Desk, DeskError, Planner};
use crate::kernels::Numbers;
use crate::lang::query::Mapping;

/// The right to map images.
pub struct Maps {
    stored: Arc<Stored>,
    passes: Passes,
    chosen: ChosenOf,
    texts: Texts,
    alignment: AlignmentTo,
}

/// A model and the components of it that are looked at, with the texts that images are mapped along.
pub struct Mapper {
    stored: Arc<Stored>,
    loaded: Arc<LoadedModel>,
    chosen: Named,
    /// The texts.
    pub embeddings: Embeddings,
    clip: String,
    aligned: Arc<Aligned>,
    held_out_cosine: Option<f64>,
}

impl Planner<'_> {
    /// Plans to map images. `what` says what comes of it, `which` how often the model runs: `one forward pass, of
    /// scenes[17]`.
    ///
    /// # Errors
    /// When what maps rest on is not there.
    pub fn maps(
        &mut self,
        what: &str,
        by: &Mapping,
        which: &str,
        texts: &[String],
    ) -> Result<Maps, DeskError> {
        let stored = self.decomposed(&by.target)?;
        let words = "project what tokens contribute in";
        self.step(what, |planner| {
            planner.step_on(words, &by.target, |planner| {
                let model = &by.target.model;
                let passes = format!("compute: {which}, with the tokens of {model} apart");
                let (using, without) = (by.using.as_ref(), by.without.as_ref());
                Ok(Maps {
                    passes: planner.passes(passes, model, Numbers::F32),
                    chosen: planner.chosen(using, without, &by.target, &stored)?,
                    texts: planner.texts(&by.prompt, texts)?,
                    alignment: planner.alignment(&stored, &by.prompt.clip)?,
                    stored,
                })
            })
        })
    }
}

impl Maps {
    /// Embeds the texts, chooses the components and loads the model.
    ///
    /// # Errors
    /// When one of them fails; [`DeskError::Cancelled`].
    pub fn ready(self, desk: &mut Desk<'_>) -> Result<Mapper, DeskError> {
        let embeddings = self.texts.embed(desk)?;
        let Carried {
            aligned,
            held_out_cosine,
        } = self.alignment.carried(desk)?;
        let chosen = (self.chosen).components_or(all_heads(&self.stored), desk)?;
        Ok(Mapper {
            loaded: self.passes.model(desk)?,
            clip: self.alignment.clip().to_owned(),
            stored: self.stored,
            chosen,
            embeddings,
            aligned,
            held_out_cosine,
        })
    }
}

/// What is looked at unless a statement says otherwise, as published.
fn all_heads(stored: &Stored) -> Named {
    let is_head = |&index: &usize| stored.specs()[index].component.kind == ComponentKind::Head;
    Named {
        components: (0..stored.specs().len()).filter(is_head).collect(),
        words: "all heads".to_owned(),
    }
}

impl Mapper {
    /// The model whose components are looked at.
    #[must_use]
    pub fn model(&self) -> &str {
        self.stored.model()
    }

    /// The set that the model is aligned on.
    #[must_use]
    pub fn aligned_on(&self) -> &str {
        self.stored.set()
    }

    /// Says so if images of `set` are mapped by an alignment that was fitted on another.
    #[must_use]
    pub fn aligned_elsewhere(&self, set: &str) -> Option<String> {
        let (model, own) = (self.model(), self.aligned_on());
        (set != own).then(|| format!("with {model} as aligned on {own}"))
    }

    /// The model made ready to map along directions `[k, K]`, and what to say about it.
    ///
    /// # Errors
    /// When none of the components has a place in an image, or the model has not those that it was stored with.
    pub fn along(&self, directions: &[f64]) -> Result<(TokenMapper, Vec<String>), DeskError> {
        let mapper = TokenMapper::new(
            self.loaded.clone(),
            &self.stored,
            &self.aligned,
            &self.chosen.components,
            directions,
        )?;
        let mut notes = vec![format!("by {}", self.chosen.words)];
        if let Some(left_out) = mapper.left_out() {
            if mapper.components().len() == 0 {
                return Err(DeskError::refused(
                    left_out,
                    "name other units after `using`",
                ));
            }
            notes.push(format!("{left_out}, and no part in a map"));
        }
        note_alignment(
            self.model(),
            &self.clip,
            self.held_out_cosine,
            "its maps say",
            &mut notes,
        );
        Ok((mapper, notes))
    }
}
