//! The plans of questions: which rows, moments, texts and alignments an answer needs, and which of them are there.

use super::explain::Step;
use super::models::About;
use super::plan_read::Read;
use super::rank::{clip_of, from_moments, how_many};
use super::scores::{Stored, align_blob};
use super::select::{of_named, of_units};
use super::{Desk, EngineError, compare, decompose, neurons, spans, stability};
use crate::contributions::Contributions;
use crate::decompose::ComponentKind;
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
            let mut needs = self.plan_target(question, target)?;
            let (model, set) = (&target.model, &target.set);
            // What comes through a head is computed anew, in f32.
            if question.via.is_none() {
                let label = decompose::label(model, self.multiplied(model, set));
                needs.extend(label.map(Step::new));
            }
            steps.push(
                Step::new(format!("{} {model} on {set}", heading(question, target))).from(needs),
            );
        }
        Ok(Step::new(what).from(steps))
    }

    fn plan_target(&self, question: &Question, target: &Target) -> Result<Vec<Step>, EngineError> {
        let stored = self.stored(&target.model, &target.set)?;
        match question.asked {
            Asked::Contributions | Asked::Representation => {
                self.plan_vectors(question, target, &stored)
            }
            Asked::Retrieve => self.plan_retrieve(question, target, &stored),
            Asked::Classify
            | Asked::Ablate
            | Asked::EvaluateRanking
            | Asked::EvaluateRetrieval
            | Asked::EvaluateAblation => self.plan_judged(question, target, &stored),
            Asked::Heatmap | Asked::Segment | Asked::EvaluateHeatmaps => {
                self.plan_maps(question, target, &stored)
            }
            _ if question.via.is_some() => self.plan_via(question, target, &stored),
            Asked::Spans => self.plan_spans(question, target, &stored),
            Asked::Rank if neurons::asked(target) => self.plan_neurons(question, target, &stored),
            _ => self.plan_scores(question, target, &stored),
        }
    }

    fn plan_vectors(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let set = self.set(&target.set)?;
        let keep = self.images_wanted(&set, question)?;
        let read = match (question.asked, question.aligned) {
            (Asked::Contributions, _) => {
                let chosen = of_units(stored, &target.units)?;
                Read::of(&chosen.components, &count_of(target.units.len(), "unit"))
            }
            (_, true) => Read::all(stored),
            (_, false) => Read::representations(),
        };
        let mut steps = vec![read.step(stored, &keep)];
        if question.aligned {
            steps.extend(self.plan_alignment(target, stored)?);
        }
        Ok(steps)
    }

    fn plan_neurons(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let keep = self.images(target, question.images.as_ref())?;
        let images = how_many(&keep);
        let passes = format!(
            "compute: forward passes of {} images of {}, as neurons are not stored",
            images.min(neurons::IMAGES),
            target.set
        );
        let texts = self.plan_texts(clip_of(target)?, &texts_of(question), &question.template)?;
        let mut steps = vec![Step::new(passes), texts];
        steps.extend(self.plan_alignment(target, stored)?);
        Ok(steps)
    }

    fn plan_spans(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let pool = spans::pool(&self.store.features(Some(&target.set))?);
        let (moments, rest): (Vec<Unit>, Vec<Unit>) =
            (target.units.iter()).partition(|unit| spans::by_moments(question, unit));
        let mut steps = Vec::new();
        if !moments.is_empty() {
            steps.push(self.plan_moments(target, stored)?);
        }
        if !rest.is_empty() {
            let keep = self.images(target, question.images.as_ref())?;
            let chosen = of_units(stored, &rest)?;
            let read = Read::of(&chosen.components, &count_of(rest.len(), "unit"));
            steps.push(read.step(stored, &keep));
            steps.extend(self.plan_alignment(target, stored)?);
        }
        steps.push(self.plan_texts(clip_of(target)?, &pool, &spans::template(question))?);
        Ok(steps)
    }

    fn plan_scores(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<Step>, EngineError> {
        let texts = match question.asked {
            Asked::Features => {
                let features = self.store.features(Some(&target.set))?.into_iter();
                features.flat_map(|feature| feature.texts).collect()
            }
            _ => texts_of(question),
        };
        let mut steps = self.plan_unit_scores(question, target, stored, &target.units)?;
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
            let what = format!("compute: scores over again in one pass, with {draws}");
            let mut again = vec![self.plan_scan(question, target, stored)?];
            again.extend(self.plan_alignment(target, stored)?);
            steps.push(Step::new(what).from(again));
        }
        steps.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
        Ok(steps)
    }

    /// What scores of units take, besides the texts: moments, or the rows of all components, since the total is their sum.
    pub(super) fn plan_unit_scores(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        units: &[Unit],
    ) -> Result<Vec<Step>, EngineError> {
        if from_moments(question, units) {
            return Ok(vec![self.plan_moments(target, stored)?]);
        }
        let mut steps = vec![self.plan_scan(question, target, stored)?];
        if question.score == Score::Spearman {
            let keep = self.images(target, question.images.as_ref())?;
            let chosen = of_units(stored, units)?;
            let read = Read::of(&chosen.components, &count_of(units.len(), "unit"));
            steps.push(Step::new("compute: ranks of the images").from([read.step(stored, &keep)]));
        }
        steps.extend(self.plan_alignment(target, stored)?);
        Ok(steps)
    }

    /// A pass over the rows of all components, for the images that scores are taken on.
    fn plan_scan(
        &self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Step, EngineError> {
        let keep = self.images(target, question.images.as_ref())?;
        Ok(Read::all(stored).step(stored, &keep))
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
            let asked = Question {
                images: None,
                ..question.clone()
            };
            let mut scores = self.plan_unit_scores(&asked, target, stored, &heads(stored))?;
            scores.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
            steps.push(
                Step::new(format!("the heads most specific to the property, from scores for {count} features or more"))
                    .from(scores),
            );
        } else {
            for selection in question.using.iter().chain(&question.without) {
                steps.extend(self.plan_selection(question, target, stored, selection)?);
            }
        }
        let set = self.set(&target.set)?;
        let keep = self.images_satisfying(&set, question)?;
        let named = |selection: &Selection| of_named(stored, selection);
        let read = match (&question.using, &question.without) {
            _ if specific => Read::some("the chosen components"),
            (None, None) if question.image.is_some() => Read::representations(),
            (None, None) => Read::all(stored),
            // What is left out is taken from the representation.
            (None, Some(_)) if question.image.is_some() => {
                Read::some("the components left out, and representations")
            }
            (Some(using), None) => match named(using)? {
                Some(components) => Read::of(&components, &count_of(components.len(), "component")),
                None => Read::some("the chosen components"),
            },
            _ => Read::some("the chosen components"),
        };
        steps.push(read.step(stored, &keep));
        if question.image.is_none() {
            let texts = texts_of(question);
            steps.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
            steps.extend(self.plan_alignment(target, stored)?);
        }
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
        let all_images = Question {
            images: None,
            ..question.clone()
        };
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
                    let mut scores = self.plan_unit_scores(&all_images, target, stored, units)?;
                    scores.push(self.plan_texts(clip_of(target)?, &texts, &question.template)?);
                    let what = format!("the {end} {count} units for {}", concept.label());
                    steps.push(Step::new(what).from(scores));
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
        let (done, clip) = (stored.decomposition(), clip_of(target)?);
        let components = count_of(done.specs().len(), "component");
        if self.moments_are_stored(done, clip)? {
            return Ok(Step::new(format!("moments of {components} (stored)")));
        }
        let scored = self.images(target, None)?;
        let mut from = vec![Read::all(stored).step(stored, &scored)];
        from.extend(self.plan_alignment(target, stored)?);
        let what = format!("moments of {components} (compute: one pass, and they are kept)");
        Ok(Step::new(what).from(from))
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

    pub(super) fn plan_alignment(
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

/// The units that a decomposition's heads are.
pub(super) fn heads(stored: &Stored) -> Vec<Unit> {
    let heads = stored.specs().iter().map(|spec| spec.component);
    let heads = heads.filter(|component| component.kind == ComponentKind::Head);
    heads.map(Unit::Component).collect()
}

/// `1 unit`, `3 units`.
pub(super) fn count_of(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
