//! Texts as embeddings: the ticket to embed them, from the cache where they were asked for before.

use crate::desk::models::model_card::ModelCard;
use crate::desk::plan::Work;
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::{Concept, Prompt, Template};
use crate::store::{TEMPLATES, TextCache, fingerprint};

/// The right to embed texts with a CLIP.
pub struct Texts {
    clip: String,
    templates: Vec<String>,
    /// The fingerprint of the templates, which the cache knows texts by.
    under: String,
    cache: TextCache,
    /// Those that are not in it, each once.
    missing: Vec<String>,
}

/// Embeddings of the texts that a ticket was for.
pub struct Embeddings {
    under: String,
    cache: TextCache,
    /// Whether all of them came from the cache.
    pub cached: bool,
}

impl Planner<'_> {
    /// Plans to embed texts.
    ///
    /// # Errors
    /// When there is no such CLIP.
    pub fn texts(&mut self, prompt: &Prompt, texts: &[String]) -> Result<Texts, DeskError> {
        let entry = self.model(&prompt.clip)?;
        let templates = templates(&ModelCard::of(&entry)?, &prompt.template);
        let under = fingerprint(templates.join("\n").as_bytes());
        let cache = self.shelf.store.texts(&entry.fingerprint)?;
        let mut missing: Vec<String> = Vec::new();
        for text in texts {
            if cache.get(text, &under).is_none() && !missing.contains(text) {
                missing.push(text.clone());
            }
        }
        self.add(Work::Texts {
            clip: prompt.clip.clone(),
            texts: texts.len(),
            unknown: missing.len(),
        });
        Ok(Texts {
            clip: prompt.clip.clone(),
            templates,
            under,
            cache,
            missing,
        })
    }

    /// Plans to embed the texts of concepts.
    ///
    /// # Errors
    /// When there is no such CLIP.
    pub fn concepts(&mut self, prompt: &Prompt, concepts: &[Concept]) -> Result<Texts, DeskError> {
        let texts = concepts.iter().flat_map(|concept| concept.texts());
        let texts: Vec<String> = texts.cloned().collect();
        self.texts(prompt, &texts)
    }
}

impl Texts {
    /// Embeds what is not in the cache, and keeps it there.
    ///
    /// # Errors
    /// When the text tower can't be read; [`DeskError::Cancelled`].
    pub fn embed(mut self, desk: &mut Desk<'_>) -> Result<Embeddings, DeskError> {
        let cached = self.missing.is_empty();
        if !cached {
            self.run(desk)?;
        }
        Ok(Embeddings {
            under: self.under,
            cache: self.cache,
            cached,
        })
    }

    fn run(&mut self, desk: &mut Desk<'_>) -> Result<(), DeskError> {
        let encoder = desk.models.texts(desk.shelf.store, &self.clip)?;
        if let Some(long) = self.missing.iter().find(|text| encoder.cuts(text)) {
            desk.progress.note(&format!(
                "{} reads only the beginning of “{long}”",
                self.clip
            ));
        }
        desk.progress
            .start("embedding texts", self.missing.len() as u64);
        for (done, text) in (1..).zip(&self.missing) {
            let one = std::slice::from_ref(text);
            let vectors = encoder.embed_with_templates(one, &self.templates, desk.cancel)?;
            self.cache.insert(text, &self.under, vectors.concat());
            desk.progress.advance(done);
        }
        desk.progress.finish();
        if let Err(error) = self.cache.save() {
            desk.progress
                .note(&format!("the embeddings were not kept: {error}"));
        }
        Ok(())
    }
}

impl Embeddings {
    /// The embeddings of texts, unit rows `[k, K]`; nothing of a text that the ticket was not for.
    #[must_use]
    pub fn of(&self, texts: &[String]) -> Vec<f32> {
        let known = |text: &String| {
            self.cache
                .get(text, &self.under)
                .unwrap_or_default()
                .to_vec()
        };
        texts.iter().flat_map(known).collect()
    }

    /// The mean of the embeddings of texts, `[K]`.
    #[must_use]
    pub fn mean_of(&self, texts: &[String]) -> Vec<f64> {
        let rows = self.of(texts);
        let dim = rows.len() / texts.len().max(1);
        let column = |k: usize| rows.iter().skip(k).step_by(dim).map(|&v| f64::from(v));
        (0..dim)
            .map(|k| column(k).sum::<f64>() / texts.len() as f64)
            .collect()
    }
}

/// What texts are put into: what the statement says, or the CLIP's own templates, or the published ones.
fn templates(about: &ModelCard, template: &Template) -> Vec<String> {
    match template {
        Template::None => Vec::new(),
        Template::Texts(texts) => texts.clone(),
        Template::Default => match &about.templates {
            Some(own) => own.clone(),
            None => TEMPLATES.iter().map(|&text| text.to_owned()).collect(),
        },
    }
}
