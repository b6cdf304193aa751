//! The plans of what is held against the truth: `classify`, `ablate`, `evaluate`.

use super::explain::Step;
use super::labels::{Halves, class_texts, label_column, labels};
use super::plan::{count_of, heads};
use super::plan_read::Read;
use super::rank::clip_of;
use super::scores::Stored;
use super::select::of_units;
use super::{Desk, EngineError};
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
                let halves = self.halves(question, target, &set)?;
                let ablates = question.using.is_some() || question.without.is_some();
                if ablates {
                    steps.push(means(question, stored, &halves));
                }
                steps.extend(self.plan_heads(question, target, stored, &column, ablates)?);
            }
            Asked::Ablate => {
                let halves = self.halves(question, target, &set)?;
                steps.push(means(question, stored, &halves));
                match &question.measure {
                    Measure::Accuracy => {
                        let column = label_column(&set, &self.store.features(Some(set.name()))?)?;
                        steps.extend(self.plan_heads(question, target, stored, &column, true)?);
                    }
                    Measure::Column(column) => {
                        steps.push(fit(column, stored, &halves));
                        steps.push(judged(stored, &halves, true));
                    }
                    Measure::Similarity => steps.push(judged(stored, &halves, true)),
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
        let clip = clip_of(target)?;
        steps.push(self.plan_texts(clip, &texts, &question.template)?);
        let all_images = Question {
            images: None,
            ..question.clone()
        };
        match question.asked {
            Asked::EvaluateRanking => {
                let keep = self.images(target, question.images.as_ref())?;
                steps.extend(self.plan_unit_scores(question, target, stored, &target.units)?);
                let chosen = of_units(stored, &target.units)?;
                let read = Read::of(&chosen.components, &count_of(target.units.len(), "unit"));
                steps.push(
                    Step::new("compute: cross-validated probes of the units, in two passes")
                        .from([read.step(stored, &keep)]),
                );
                let by_feature = question.concepts.is_empty() || known.len() > 1;
                if by_feature && self.store.decomposition(clip, &target.set).is_ok() {
                    let mut from = vec![Read::all(stored).step(stored, &keep)];
                    from.extend(self.plan_alignment(target, stored)?);
                    steps.push(
                        Step::new(format!("compute: correlations with the similarities of images and texts by {clip}"))
                            .from(from),
                    );
                }
            }
            Asked::EvaluateRetrieval => {
                let keep = self.images(target, question.images.as_ref())?;
                steps.extend(self.plan_unit_scores(&all_images, target, stored, &heads(stored))?);
                let once = Step::new("for every feature, one pass over all rows");
                steps.push(once.from([Read::all(stored).step(stored, &keep)]));
                steps.extend(self.plan_alignment(target, stored)?);
            }
            _ => {
                let halves = self.halves(question, target, &set)?;
                steps.extend(self.plan_unit_scores(&all_images, target, stored, &target.units)?);
                steps.push(match question.replacement {
                    Replacement::Mean => Step::new("compute: mean rows")
                        .from([Read::all(stored).step(stored, &halves.fit)]),
                    _ => means(question, stored, &halves),
                });
                steps.push(Step::new("for every feature").from([
                    fit("the feature", stored, &halves),
                    judged(stored, &halves, true),
                ]));
            }
        }
        Ok(steps)
    }

    /// The linear head and the text head, and what judging by them reads.
    fn plan_heads(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        column: &str,
        ablates: bool,
    ) -> Result<Vec<Step>, EngineError> {
        let set = self.set(&target.set)?;
        let classes = labels(set.frame(), column)?.classes;
        let halves = self.halves(question, target, &set)?;
        let features = self.store.features(Some(&target.set))?;
        let texts = class_texts(&classes, column, &features);
        let mut text_head = vec![
            self.plan_texts(clip_of(target)?, &texts.concat(), &question.template)?,
            Read::all(stored).step(stored, &halves.judged),
        ];
        text_head.extend(self.plan_alignment(target, stored)?);
        Ok(vec![
            Step::new("the linear head").from([
                fit(column, stored, &halves),
                judged(stored, &halves, ablates),
            ]),
            Step::new("the text head").from(text_head),
        ])
    }
}

fn fit(column: &str, stored: &Stored, halves: &Halves) -> Step {
    Step::new(format!(
        "compute: a linear head for `{column}`, in one pass"
    ))
    .from([
        Read::representations().step(stored, &halves.fit),
        Step::new(&*halves.note),
    ])
}

fn means(question: &Question, stored: &Stored, halves: &Halves) -> Step {
    match question.replacement {
        Replacement::Mean => {
            let read = Read::some("the components ablated and of the random control");
            Step::new("compute: mean rows, in one pass").from([read.step(stored, &halves.fit)])
        }
        Replacement::Zero => Step::new("nothing in place of what is ablated"),
        Replacement::Resample => Step::new("rows of other images in place of what is ablated"),
    }
}

/// What a linear function of representations is judged on.
fn judged(stored: &Stored, halves: &Halves, ablates: bool) -> Step {
    let read = match ablates {
        true => Read::some("the components ablated and of the random control, and representations"),
        false => Read::representations(),
    };
    read.step(stored, &halves.judged)
}
