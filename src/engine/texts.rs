//! Concepts as text embeddings, from the cache where they were asked for before.

use super::models::About;
use super::{Desk, EngineError};
use crate::lang::query::{Concept, Template};
use crate::store::{TEMPLATES, fingerprint};

/// The embeddings of a concept's texts.
pub(super) struct Embedded {
    /// `[k, K]`, unit rows.
    pub rows: Vec<f32>,
    /// Whether all of them came from the cache.
    pub cached: bool,
}

impl Desk<'_> {
    /// Embeds a concept's texts with the CLIP registered as `clip`.
    pub(super) fn embed(
        &mut self,
        clip: &str,
        concept: &Concept,
        template: &Template,
    ) -> Result<Embedded, EngineError> {
        let entry = self.store.model(clip)?;
        let templates = templates(&About::of(&entry)?, template);
        let under = fingerprint(templates.join("\n").as_bytes());
        let mut cache = self.store.texts(&entry.fingerprint)?;
        let unknown = |text: &&String| cache.get(text, &under).is_none();
        let missing: Vec<String> = concept.texts().iter().filter(unknown).cloned().collect();
        if !missing.is_empty() {
            let encoder = self.library.texts(self.store, clip)?;
            if let Some(long) = missing.iter().find(|text| encoder.cuts(text)) {
                self.progress
                    .note(&format!("{clip} reads only the beginning of “{long}”"));
            }
            self.progress.start("embedding texts", missing.len() as u64);
            for (done, text) in (1..).zip(&missing) {
                let one = std::slice::from_ref(text);
                let vectors = encoder.embed_with_templates(one, &templates, self.cancel)?;
                cache.insert(text, &under, vectors.concat());
                self.progress.advance(done);
            }
            self.progress.finish();
            if let Err(error) = cache.save() {
                self.progress
                    .note(&format!("the embeddings were not kept: {error}"));
            }
        }
        let known = |text: &String| cache.get(text, &under).unwrap_or_default().to_vec();
        Ok(Embedded {
            rows: concept.texts().iter().flat_map(known).collect(),
            cached: missing.is_empty(),
        })
    }

    /// How many of some texts are not in the cache of the CLIP registered as `clip`.
    pub(super) fn unknown_texts(
        &self,
        clip: &str,
        texts: &[String],
        template: &Template,
    ) -> Result<usize, EngineError> {
        let entry = self.store.model(clip)?;
        let templates = templates(&About::of(&entry)?, template);
        let under = fingerprint(templates.join("\n").as_bytes());
        let cache = self.store.texts(&entry.fingerprint)?;
        let unknown = |text: &&String| cache.get(text, &under).is_none();
        Ok(texts.iter().filter(unknown).count())
    }
}

/// What texts are put into: what the statement says, or the CLIP's own templates, or the published ones.
fn templates(about: &About, template: &Template) -> Vec<String> {
    match template {
        Template::None => Vec::new(),
        Template::Texts(texts) => texts.clone(),
        Template::Default => match &about.templates {
            Some(own) => own.clone(),
            None => TEMPLATES.iter().map(|&text| text.to_owned()).collect(),
        },
    }
}
