//! The plans of questions: which rows, moments, texts and alignments an answer needs, and which of them are there.

use super::explain::Step;
use super::models::About;
use super::rank::clip_of;
use super::scores::{Stored, align_blob, moments_blob};
use super::{Desk, EngineError, compare, neurons, spans, stability};
use crate::contributions::Contributions;
use crate::lang::ast::Asked;
use crate::lang::query::{Image, Question, Score, Selection, Target, Template, Term, Unit};

impl Desk<'_> {
    /// What answering a question takes.
    pub(super) fn plan_question(&self, question: &Question) -> Result<Step, EngineError> {
        let what = match question.asked {
            Asked::Rank => format!("order units by {}", question.score.word()),
            Asked::Compare => "hold every two rankings against each other".to_owned(),
            Asked::Features => "order features by score".to_owned(),
            Asked::Spans => "pick texts, each along what the ones before leave".to_owned(),
            Asked::Retrieve if question.image.is_some() => {
                "keep the images with the greatest cosine with the probe".to_owned()
            }
            Asked::Retrieve => "keep the images that reach furthest along the text".to_owned(),
            Asked::Contributions | Asked::Representation => {
                "one row of vectors per image".to_owned()
            }
            Asked::Classify => "judge heads on the representation by what is known".to_owned(),
            Asked::Ablate => "measure what is left when components are ablated".to_owned(),
            Asked::EvaluateRanking => "hold scores of units against probes of them".to_owned(),
            Asked::EvaluateRetrieval => {
                "hold retrieval by top heads against random ones".to_owned()
            }
            Asked::EvaluateAblation => {
                "hold ablation of top units against that of random ones".to_owned()
            }
            Asked::EvaluateHeatmaps => "heat maps and a centre prior against true masks".to_owned(),
            Asked::Heatmap => "one map per concept, patch by patch".to_owned(),
            Asked::Segment => {
                "one mask per image, held against the true one if there is one".to_owned()
            }
        };
        let mut steps = Vec::new();
        for target in &question.targets {
            let needs = self.plan_target(question, target)?;
            let (model, set) = (&target.model, &target.set);
            steps.push(
                Step::new(format!("{} {model} on {set}", heading(question, target))).from(needs),
            );
        }
        Ok(Step::new(what).from(steps))
    }

    fn plan_target(&self, question: &Question, target: &Target) -> Result<Vec<Step>, EngineError> {
        let stored = self.stored(&target.model, &target.set)?;
        let mut steps = match question.asked {
            Asked::Contributions => vec![read(&stored, Some(&target.units), question)],
            Asked::Representation if question.aligned => vec![read(&stored, None, question)],
            Asked::Representation => vec![Step::new(format!(
                "read: the representations of at most {} images",
                stored.decomposition().len()
            ))],
            Asked::Retrieve => self.plan_retrieve(question, target, &stored)?,
            Asked::Classify
            | Asked::Ablate
            | Asked::EvaluateRanking
            | Asked::EvaluateRetrieval
            | Asked::EvaluateAblation => self.plan_judged(question, target, &stored)?,
            Asked::Heatmap | Asked::Segment | Asked::EvaluateHeatmaps => {
                self.plan_maps(question, target, &stored)?
            }
            _ if question.via.is_some() => self.plan_via(question, target)?,
            _ => self.plan_scores(question, target, &stored)?,
        };
        if target.clip.is_some() {
            steps.extend(self.plan_alignment(target, &stored)?);
        }
        Ok(steps)
    }

    fn plan_scores(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let features = self.store.features(Some(&target.set))?;
        if question.asked == Asked::Rank && neurons::asked(target) {
            let images = stored.decomposition().len().min(neurons::IMAGES);
            let passes = format!(
                "compute: forward passes of up to {images} images of {}, as neurons are not stored",
                target.set
            );
            let texts = texts_of(question);
            let texts = self.plan_texts(clip_of(target)?, &texts, &question.template)?;
            return Ok(vec![Step::new(passes), texts]);
        }
        let (texts, template) = match question.asked {
            Asked::Spans => (spans::pool(&features), spans::template(question)),
            Asked::Features => {
                let texts = features.into_iter().flat_map(|feature| feature.texts);
                (texts.collect(), question.template.clone())
            }
            _ => (texts_of(question), question.template.clone()),
        };
        let single = |unit: &Unit| matches!(unit, Unit::Component(_));
        let all_images = question.images.is_none();
        let moments = match question.asked {
            Asked::Spans => all_images && target.units.iter().any(single),
            _ => {
                let sums = question.score != Score::Spearman;
                all_images && sums && target.units.iter().all(single)
            }
        };
        let mut steps = Vec::new();
        if moments {
            steps.push(self.plan_moments(target, stored)?);
        }
        if question.asked == Asked::Spans {
            let rest: Vec<Unit> = (target.units.iter())
                .filter(|unit| !(moments && single(unit)))
                .copied()
                .collect();
            if !rest.is_empty() {
                steps.push(read(stored, Some(&rest), question));
            }
        } else if !moments {
            steps.push(read(stored, None, question));
        }
        let draws = match (question.asked, question.score) {
            (Asked::Rank, _) if question.stability => Some(format!(
                "{} draws of texts and images, and each text left out",
                stability::DRAWS
            )),
            (Asked::Compare, score) if score != Score::Spearman => {
                Some(format!("{} draws of the images", compare::DRAWS))
            }
            _ => None,
        };
        if let Some(draws) = draws {
            let whole = read(stored, None, question);
            steps.push(
                Step::new(format!(
                    "compute: scores over again in one pass, with {draws}"
                ))
                .from([whole]),
            );
        }
        steps.push(self.plan_texts(clip_of(target)?, &texts, &template)?);
        Ok(steps)
    }

    fn plan_retrieve(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let mut steps = Vec::new();
        if let Some(image) = &question.image {
            steps.push(Step::new(match image {
                Image::InSet { set, row } if *set == target.set => {
                    format!("the probe {set}[{row}]: its stored rows, or a forward pass if it was skipped")
                }
                Image::InSet { set, row } => format!("the probe {set}[{row}]: compute: one forward pass"),
                Image::File(path) => format!("the probe {path}: compute: one forward pass"),
            }));
        }
        let specific =
            question.image.is_some() && question.using.is_none() && !question.concepts.is_empty();
        if specific {
            let features = self.store.features(Some(&target.set))?;
            let count = features.len();
            let mut texts: Vec<String> = features.into_iter().flat_map(|f| f.texts).collect();
            texts.extend(texts_of(question));
            steps.push(
                Step::new(format!("the heads most specific to the property, from scores for {count} features or more"))
                    .from([
                        self.plan_moments(target, stored)?,
                        self.plan_texts(clip_of(target)?, &texts, &question.template)?,
                    ]),
            );
        } else {
            for selection in question.using.iter().chain(&question.without) {
                steps.extend(self.plan_selection(question, target, stored, selection)?);
            }
            if question.image.is_none() {
                steps.push(self.plan_texts(
                    clip_of(target)?,
                    &texts_of(question),
                    &question.template,
                )?);
            }
        }
        let what = match (specific, &question.using) {
            (false, None) => "all components",
            _ => "the chosen components",
        };
        steps.push(Step::new(format!(
            "read: rows of {what}, {} images of {}, {} parts",
            stored.decomposition().len(),
            target.set,
            stored.parts()
        )));
        Ok(steps)
    }

    /// What choosing units takes: nothing where they are named.
    pub(super) fn plan_selection(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        selection: &Selection,
    ) -> Result<Vec<Step>, EngineError> {
        let mut steps = Vec::new();
        for (_, term) in &selection.terms {
            match term {
                Term::Extreme {
                    top,
                    count,
                    concept,
                    over,
                    units,
                } => {
                    let end = if *top { "top" } else { "bottom" };
                    let mut texts = concept.texts().to_vec();
                    texts.extend(over.iter().flat_map(|over| over.texts().to_vec()));
                    let single = units.iter().all(|unit| matches!(unit, Unit::Component(_)));
                    let scores = match single && question.score != Score::Spearman {
                        true => self.plan_moments(target, stored)?,
                        false => read(stored, None, question),
                    };
                    let texts = self.plan_texts(clip_of(target)?, &texts, &question.template)?;
                    let what = format!("the {end} {count} units for {}", concept.label());
                    steps.push(Step::new(what).from([scores, texts]));
                }
                Term::Result(name) => {
                    steps.push(Step::new(format!("the units of the result {name}")))
                }
                Term::Units(_) | Term::Random { .. } => {}
            }
        }
        Ok(steps)
    }

    pub(super) fn plan_moments(
        &self,
        target: &Target,
        stored: &Stored,
    ) -> Result<Step, EngineError> {
        let done = stored.decomposition();
        let there = done.blobs()?.contains(&moments_blob(clip_of(target)?));
        let words = match there {
            true => "stored",
            false => "compute: one pass over the stored rows",
        };
        Ok(Step::new(format!(
            "moments of {} components ({words})",
            done.specs().len()
        )))
    }

    pub(super) fn plan_texts(
        &self,
        clip: &str,
        texts: &[String],
        template: &Template,
    ) -> Result<Step, EngineError> {
        let words = match self.unknown_texts(clip, texts, template)? {
            0 => "stored".to_owned(),
            new => format!("compute: the text tower runs for {new} of them"),
        };
        Ok(Step::new(format!(
            "embeddings of {} texts by {clip} ({words})",
            texts.len()
        )))
    }

    fn plan_alignment(
        &self,
        target: &Target,
        stored: &Stored,
    ) -> Result<Option<Step>, EngineError> {
        let (model, clip) = (&target.model, clip_of(target)?);
        if model == clip {
            return Ok(None);
        }
        About::of(&self.store.model(clip)?)?;
        let there = stored.decomposition().blobs()?.contains(&align_blob(clip));
        let words = match there {
            true => "stored",
            false => "missing: run `align` first",
        };
        Ok(Some(Step::new(format!(
            "alignment of {model} to {clip} ({words})"
        ))))
    }
}

/// What is done with a model, in a few words.
fn heading(question: &Question, target: &Target) -> String {
    let units = target.units.len();
    match question.asked {
        Asked::Retrieve => "look for images by what components contribute in".to_owned(),
        Asked::Contributions => format!("contributions of {units} units of"),
        Asked::Representation => "representation of".to_owned(),
        Asked::Classify | Asked::Ablate => "judge".to_owned(),
        Asked::EvaluateRanking | Asked::EvaluateRetrieval | Asked::EvaluateAblation => {
            "evaluate".to_owned()
        }
        Asked::Heatmap | Asked::Segment | Asked::EvaluateHeatmaps => {
            "project what tokens contribute in".to_owned()
        }
        Asked::Spans => format!("spread of the contributions of {units} units of"),
        _ => match question.via {
            Some(head) => format!("score {units} units through {head} of"),
            None => format!("score {units} units of"),
        },
    }
}

pub(super) fn texts_of(question: &Question) -> Vec<String> {
    let texts = question.concepts.iter().flat_map(|concept| concept.texts());
    texts.cloned().collect()
}

/// Reading the rows of some units (`None`: of all components), at most those of all images.
fn read(stored: &Stored, units: Option<&[Unit]>, question: &Question) -> Step {
    let done = stored.decomposition();
    let groups = units.map(|units| super::rank::groups(stored.specs(), units).unwrap_or_default());
    let width: usize = match &groups {
        Some(groups) => {
            let components = groups.iter().flat_map(|group| &group.components);
            components.map(|&i| done.specs()[i].width).sum()
        }
        None => done.specs().iter().map(|spec| spec.width).sum(),
    };
    let whose = match &groups {
        Some(groups) => format!("{} units", groups.len()),
        None => format!("{} components", done.specs().len()),
    };
    let which = match question.images {
        Some(_) => " that satisfy the condition",
        None => "",
    };
    Step::new(format!(
        "read: rows of {whose}, {} images of {}{which}, {} parts, at most {:.1} MB",
        done.len(),
        done.manifest().set,
        done.parts(),
        (done.len() * width * 4) as f64 / 1e6
    ))
}
