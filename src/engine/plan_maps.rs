//! The plans of what runs the model on images anew: maps, and contributions through a head.

use super::explain::Step;
use super::labels::class_texts;
use super::map_set::own_classes;
use super::plan::texts_of;
use super::rank::{clip_of, how_many};
use super::scores::Stored;
use super::{Desk, EngineError, via};
use crate::lang::ast::Asked;
use crate::lang::query::{Image, Question, Target};

impl Desk<'_> {
    /// What maps of images take.
    pub(super) fn plan_maps(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let set = question.segmented.as_ref().unwrap_or(&target.set);
        let (model, images) = (&target.model, self.store.set_info(set)?.rows);
        let which = match (&question.image, question.limit) {
            (Some(Image::InSet { set, row }), _) => format!("one forward pass, of {set}[{row}]"),
            (Some(Image::File(path)), _) => format!("one forward pass, of {path}"),
            (None, Some(limit)) => {
                format!("forward passes of at most {} images", limit.min(images))
            }
            (None, None) if question.asked == Asked::EvaluateHeatmaps => {
                let keep = self.images(target, question.images.as_ref())?;
                let count = how_many(&keep);
                format!("forward passes of {count} images for each concept")
            }
            (None, None) if question.images.is_some() => {
                format!("forward passes of those of {images} images that satisfy the condition")
            }
            (None, None) => format!("forward passes of {images} images"),
        };
        let mut steps = vec![Step::new(format!(
            "compute: {which}, with the tokens of {model} apart"
        ))];
        for selection in question.using.iter().chain(&question.without) {
            steps.extend(self.plan_selection(question, target, stored, selection)?);
        }
        let texts = self.texts_to_map(question, target)?;
        steps.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
        steps.extend(self.plan_alignment(target, stored)?);
        Ok(steps)
    }

    /// The texts that images are mapped for: those of their classes, where a concept is a column of them.
    fn texts_to_map(
        &self,
        question: &Question,
        target: &Target,
    ) -> Result<Vec<String>, EngineError> {
        if question.asked == Asked::Heatmap {
            return Ok(texts_of(question));
        }
        let set = question.segmented.as_ref().unwrap_or(&target.set);
        let set = self.set(set)?;
        let concepts = match question.concepts.as_slice() {
            [] => vec![self.usual_concept(target)?],
            some => some.to_vec(),
        };
        let features = self.store.features(Some(set.name()))?;
        let mut texts = Vec::new();
        for concept in &concepts {
            texts.extend_from_slice(concept.texts());
            if let Some(labels) = own_classes(&set, concept) {
                let texts_of_classes = class_texts(&labels.classes, &concept.label(), &features);
                texts.extend(texts_of_classes.concat());
            }
        }
        texts.sort_unstable();
        texts.dedup();
        Ok(texts)
    }

    /// What scores of contributions through a head take.
    pub(super) fn plan_via(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let keep = self.images(target, question.images.as_ref())?;
        let count = how_many(&keep);
        let passes = Step::new(format!(
            "compute: a forward pass of each of {} images of {}, as what goes through a head is not stored",
            count.min(via::MOST),
            target.set
        ));
        let texts = match question.asked {
            Asked::Features => {
                let features = self.store.features(Some(&target.set))?.into_iter();
                features.flat_map(|feature| feature.texts).collect()
            }
            _ => texts_of(question),
        };
        let texts = self.plan_texts(clip_of(target)?, &texts, &question.template)?;
        let mut steps = vec![passes, texts];
        steps.extend(self.plan_alignment(target, stored)?);
        Ok(steps)
    }
}
