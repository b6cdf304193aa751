//! The plans of what is held against the truth: `classify`, `ablate`, `evaluate`.

use super::explain::Step;
use super::labels::{class_texts, label_column, labels};
use super::rank::clip_of;
use super::scores::Stored;
use super::{Desk, EngineError};
use crate::contributions::Contributions;
use crate::lang::ast::{Asked, Replacement};
use crate::lang::query::{Measure, Question, Target};

impl Desk<'_> {
    /// What classifying, ablating or evaluating takes.
    pub(super) fn plan_judged(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let set = self.set(&target.set)?;
        let mut steps = Vec::new();
        let chosen = question
            .using
            .iter()
            .chain(&question.without)
            .chain(&question.ablated);
        for selection in chosen {
            steps.extend(self.plan_selection(question, target, stored, selection)?);
        }
        match question.asked {
            Asked::Classify => {
                let column = question.column.clone().unwrap_or_default();
                steps.extend(self.plan_heads(question, target, &column)?);
                let ablates = question.using.is_some() || question.without.is_some();
                if ablates {
                    steps.push(means(question, stored));
                }
                steps.push(whole_read(stored));
            }
            Asked::Ablate => {
                let halves = self.halves(question, target, &set)?;
                steps.push(means(question, stored));
                match &question.measure {
                    Measure::Accuracy => {
                        let column = label_column(&set, &self.store.features(Some(set.name()))?)?;
                        steps.extend(self.plan_heads(question, target, &column)?);
                        steps.push(whole_read(stored));
                    }
                    Measure::Column(column) => {
                        steps.push(fit(column, &halves.note));
                        steps.push(some_read(stored));
                    }
                    Measure::Similarity => steps.push(some_read(stored)),
                }
            }
            _ => steps.extend(self.plan_evaluation(question, target, stored)?),
        }
        Ok(steps)
    }

    fn plan_evaluation(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let set = self.set(&target.set)?;
        let known = self.known(question, &set)?;
        let texts = known.iter().flat_map(|known| known.concept.texts());
        let mut texts: Vec<String> = texts.cloned().collect();
        if question.asked == Asked::EvaluateRetrieval {
            let features = self.store.features(Some(&target.set))?;
            for known in &known {
                let (classes, name) = (&known.labels.classes, known.concept.label());
                texts.extend(class_texts(classes, &name, &features).concat());
            }
        }
        let names: Vec<String> = known.iter().map(|known| known.concept.label()).collect();
        let mut steps = vec![Step::new(format!(
            "known about the images: {}",
            names.join(", ")
        ))];
        steps.push(self.plan_moments(target, stored)?);
        steps.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
        match question.asked {
            Asked::EvaluateRanking => {
                steps.push(Step::new(format!(
                    "compute: cross-validated probes of {} units, in two passes over their rows",
                    target.units.len()
                )));
                let clip = clip_of(target)?;
                let by_feature = question.concepts.is_empty() || known.len() > 1;
                if by_feature && self.store.decomposition(clip, &target.set).is_ok() {
                    steps.push(Step::new(format!(
                        "compute: correlations with the similarities of images and texts by {clip}, in one pass over the rows of all components"
                    )));
                }
            }
            Asked::EvaluateRetrieval => steps.push(Step::new(format!(
                "read: rows of all components, once per feature, {} parts each",
                stored.parts()
            ))),
            _ => {
                steps.push(means(question, stored));
                steps.push(Step::new(
                    "for every feature: a linear head from one pass over the representations, then the rows of what is ablated",
                ));
            }
        }
        Ok(steps)
    }

    /// The linear head and the text head.
    fn plan_heads(
        &self,
        question: &Question,
        target: &Target,
        column: &str,
    ) -> Result<Vec<Step>, EngineError> {
        let set = self.set(&target.set)?;
        let classes = labels(set.frame(), column)?.classes;
        let halves = self.halves(question, target, &set)?;
        let features = self.store.features(Some(&target.set))?;
        let texts = class_texts(&classes, column, &features);
        Ok(vec![
            fit(column, &halves.note),
            self.plan_texts(clip_of(target)?, &texts.concat(), &question.template)?,
        ])
    }
}

fn fit(column: &str, note: &str) -> Step {
    Step::new(format!(
        "compute: a linear head for `{column}`, in one pass over the representations"
    ))
    .from([Step::new(note)])
}

fn means(question: &Question, stored: &Stored) -> Step {
    Step::new(match question.replacement {
        Replacement::Mean => format!(
            "compute: mean rows, in one pass over {} parts",
            stored.parts()
        ),
        Replacement::Zero => "nothing in place of what is ablated".to_owned(),
        Replacement::Resample => "rows of other images in place of what is ablated".to_owned(),
    })
}

fn whole_read(stored: &Stored) -> Step {
    Step::new(format!(
        "read: rows of {} components, {} images, {} parts, once per head",
        stored.specs().len(),
        stored.decomposition().len(),
        stored.parts()
    ))
}

fn some_read(stored: &Stored) -> Step {
    Step::new(format!(
        "read: representations and rows of the components ablated and of the random control, {} images, {} parts",
        stored.decomposition().len(),
        stored.parts()
    ))
}
