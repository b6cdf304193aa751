//! What is asked about: concepts, images, and how they are put: score and prompt templates.

use super::names::{Names, Resolved};
use super::values::{unknown, wrong};
use crate::lang::ast::{self, Clause, ImageRef, Slot, Sort, Value};
use crate::lang::catalog::ModelInfo;
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::query::{Concept, Image, Prompt, Score, Template};
use crate::lang::span::Spanned;

impl Names<'_> {
    /// The concepts of a clause, in order.
    pub fn concepts(&mut self, said: &Clause) -> Resolved<Vec<Concept>> {
        let written = said.concepts().into_iter();
        written.map(|concept| self.concept(concept)).collect()
    }

    /// The concept of a statement that takes one at a time, as `refusal` says: `a mask is of one concept at a time`.
    pub fn one_concept(&mut self, said: &Clause, refusal: &str) -> Resolved<Concept> {
        let concept = self.concept(said.the_concept())?;
        match said.concepts().get(1) {
            Some(second) => Err(ResolveError::OutOfPlace {
                message: refusal.to_owned(),
                help: "name one concept after `for`".to_owned(),
                span: second.span,
            }),
            None => Ok(concept),
        }
    }

    /// A concept: a feature, or texts.
    pub fn concept(&mut self, written: &Spanned<ast::Concept>) -> Resolved<Concept> {
        let slot = match &written.value {
            ast::Concept::Itself(text) => return Ok(Concept::Texts(vec![self.text(text)?])),
            ast::Concept::Texts(texts) => return Ok(Concept::Texts(self.texts(texts)?)),
            ast::Concept::Named(slot) => slot,
        };
        let value = self.value(slot)?;
        let name = self.text(slot)?;
        let feature = self.catalog.feature(&name).map(|feature| Concept::Feature {
            name: feature.name.clone(),
            texts: feature.texts.clone(),
        });
        match (feature, value) {
            (Some(feature), Value::Text(_)) => {
                self.notes.push(format!(
                    "\"{name}\" names a feature of {} texts, which is what was asked about; \
                     `text \"{name}\"` asks about the words themselves",
                    feature.texts().len()
                ));
                Ok(feature)
            }
            (Some(feature), _) => Ok(feature),
            (None, Value::Text(text)) => Ok(Concept::Texts(vec![text])),
            (None, _) => {
                let known = self.catalog.features.iter().map(|f| f.name.clone());
                Err(unknown(Role::Feature, name, known.collect(), slot.span))
            }
        }
    }

    /// An image: a file, or one of a set's.
    pub fn image(&self, written: &Spanned<ImageRef>) -> Resolved<Image> {
        let (set, row) = match &written.value {
            ImageRef::File(path) => return Ok(Image::File(self.text(path)?)),
            ImageRef::InSet { set, row } => (self.set(set)?.value, row),
        };
        let index = self.row(row)?;
        if index >= set.rows {
            let has = match set.rows {
                0 => "no images".to_owned(),
                n => format!("{n} images (0 to {})", n - 1),
            };
            let message = format!("{}[{index}]: {} has {has}", set.name, set.name);
            return Err(wrong(message, "a smaller number", row.span));
        }
        Ok(Image::InSet {
            set: set.name.clone(),
            row: index,
        })
    }

    /// The score that a statement asks for with `by`, or the session's.
    pub fn score(&self, said: &Clause) -> Resolved<Score> {
        match said.said("by") {
            Some(slot) => self.score_named(slot),
            None => Ok(self.settings.score.unwrap_or_default()),
        }
    }

    /// The score of this name.
    pub fn score_named(&self, slot: &Slot) -> Resolved<Score> {
        let name = self.name(slot)?;
        let found = Score::ALL
            .iter()
            .find(|(word, _)| *word == name.to_lowercase());
        found.map(|(_, score)| *score).ok_or_else(|| {
            let known = Score::ALL.iter().map(|(word, _)| (*word).to_owned());
            unknown(Role::Score, name, known.collect(), slot.span)
        })
    }

    /// The greatest number of rows of an answer: the statement's, or the session's.
    pub fn limit(&self, said: &Clause) -> Resolved<Option<usize>> {
        let given = said
            .said("limit")
            .map(|slot| self.count(slot))
            .transpose()?;
        Ok(given.or(self.settings.limit))
    }

    /// Checks the options that a statement may have no use for, as where nothing is chosen by score or by chance: what they
    /// say has to make sense all the same.
    pub fn check_options(&self, said: &Clause) -> Resolved<()> {
        self.score(said)?;
        self.limit(said)?;
        self.seed(said.said("seed"))?;
        self.template(said)?;
        Ok(())
    }

    /// How texts reach a model that is asked about a set.
    pub fn prompt(&self, said: &Clause, model: Spanned<&ModelInfo>, set: &str) -> Resolved<Prompt> {
        Ok(Prompt {
            clip: self.clip_for(model, set)?,
            template: self.template(said)?,
        })
    }

    /// What texts are put into: as the statement says, or as the session does.
    pub fn template(&self, said: &Clause) -> Resolved<Template> {
        let Some(template) = said.clause("template") else {
            return Ok(self.settings.template.clone().unwrap_or_default());
        };
        if template.has("none") {
            return Ok(Template::None);
        }
        let texts = template.slots(Sort::Text);
        let texts: Vec<String> = texts
            .map(|text| self.template_text(text))
            .collect::<Resolved<_>>()?;
        Ok(match texts.is_empty() {
            true => Template::Default,
            false => Template::Texts(texts),
        })
    }

    /// A text with exactly one blank.
    pub fn template_text(&self, slot: &Slot) -> Resolved<String> {
        let text = self.text(slot)?;
        if text.matches("{}").count() == 1 {
            Ok(text)
        } else {
            Err(ResolveError::NoBlank { span: slot.span })
        }
    }
}
