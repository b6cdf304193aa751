//! `evaluate retrieval`: precision of retrieval by text by the top heads of every feature, against random heads.

use std::sync::Arc;

use polars::prelude::{DataFrame, PolarsResult};

use super::choices::{Choices, Scoring, random_instead};
use super::help;
use super::precision::Images;
use crate::analysis::Linear;
use crate::desk::images::true_columns::Known;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::texts::class_texts::directions;
use crate::desk::units::random_components::{DRAWS, mean_and_sd};
use crate::desk::units::scores::Asking;
use crate::desk::units::selection::ChosenOf;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Prompt, Score, Selection, Target};
use crate::lang::resolve::{Names, Resolved};

/// Heads that stand for a property, as published for most models.
const HEADS: usize = 3;

/// Images that precision is measured among.
const AMONG: usize = 10;

/// `evaluate retrieval in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateRetrieval {
    /// The model, and the images.
    pub target: Target,
    /// How it is asked.
    pub prompt: Prompt,
    /// The features; all that something is known about if none is named.
    pub concepts: Vec<Concept>,
    /// How heads are scored.
    pub score: Score,
    /// The components to retrieve by; the top heads of each feature if nothing is said.
    pub using: Option<Selection>,
    /// The components left out.
    pub without: Option<Selection>,
    /// Which images are looked through; `None` for all.
    pub images: Option<Filter>,
    /// How many of the images found first count.
    pub among: usize,
    /// The seed of the random heads.
    pub seed: u64,
}

/// What evaluating takes.
pub struct Tickets {
    stored: Arc<Stored>,
    /// The components to retrieve by, where the statement says them.
    chosen: Option<ChosenOf>,
    features: Vec<Feature>,
    scoring: Scoring,
    rows: Rows,
    alignment: AlignmentTo,
}

/// A feature whose values are looked for.
struct Feature {
    known: Known,
    /// The texts of every value.
    texts: Vec<Vec<String>>,
}

/// How precise retrieval of a feature's values is.
struct Found {
    name: String,
    /// How many values it has.
    values: usize,
    /// The precision of images drawn at random.
    chance: f64,
    /// By all components, by the top heads, by random ones, draw by draw.
    precision: Vec<f64>,
}

impl Statement for EvaluateRetrieval {
    const RULE: &'static str = "evaluate_retrieval";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let model = names.model(said.the(Role::Model))?;
        let set = names.set_decomposed_with(model, said.said("on"))?;
        let prompt = names.prompt(said, model, &set)?;
        let images = names.images_where(said, &set)?;
        Ok(Self {
            using: names.selection(said, "using", model, &set)?,
            without: names.selection(said, "without", model, &set)?,
            score: names.score(said)?,
            among: names.limit(said)?.unwrap_or(AMONG),
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            prompt,
            concepts,
            images,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let what = "hold retrieval by top heads against random ones";
        planner.step(what, |planner| {
            planner.step_on("evaluate", &self.target, |planner| self.plan_model(planner))
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let aligned = tickets.alignment.carried(desk)?.aligned;
        let chosen = match tickets.chosen {
            Some(chosen) => Some(chosen.components(desk)?),
            None => None,
        };
        let scored = tickets.scoring.run(desk)?;
        let specs = tickets.stored.specs();
        let (mut found, mut notes) = (Vec::new(), vec![self.note()]);
        for (place, feature) in tickets.features.iter().enumerate() {
            let mut choices = scored.choices(place, HEADS, self.seed)?;
            if let Some(chosen) = &chosen {
                choices.random = random_instead(specs, &chosen.components, self.seed);
                choices.top.clone_from(&chosen.components);
                choices.words.clone_from(&chosen.words);
            }
            let directions = directions(&feature.texts, &scored.embeddings);
            let linear = Linear::texts(&aligned, &directions);
            let own = self.found(&feature.known, &linear, &choices, &tickets.rows, desk)?;
            notes.push(format!("{}: {}", own.name, choices.words));
            found.push(own);
        }
        let (among, model) = (self.among, &self.target.model);
        Ok(Answer {
            title: Some(format!(
                "precision at {among} of retrieval by text in {model}"
            )),
            frame: table(&found)?,
            notes,
            cached: scored.embeddings.cached,
            ..Answer::default()
        }
        .into())
    }
}

impl EvaluateRetrieval {
    fn plan_model(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let target = &self.target;
        let set = planner.set(&target.set)?;
        let stored = planner.decomposed(target)?;
        let (using, without) = (self.using.as_ref(), self.without.as_ref());
        let chosen = match using.is_some() || without.is_some() {
            true => Some(planner.chosen(using, without, target, &stored)?),
            false => None,
        };
        let mut features = Vec::new();
        for known in planner.known(&self.concepts, &set)? {
            let (name, classes) = (known.concept.label(), &known.labels.classes);
            let texts = planner.texts_of_classes(&target.set, &name, classes)?;
            features.push(Feature { known, texts });
        }
        let concepts = features.iter().map(|feature| feature.known.concept.clone());
        let heads = planner.heads(&stored);
        let asking = Asking {
            target,
            prompt: &self.prompt,
            units: &heads,
            concepts: &concepts.collect::<Vec<_>>(),
            score: self.score,
            images: None,
        };
        let of_values = features.iter().flat_map(|feature| feature.texts.concat());
        let keep = planner.scored_images(target, self.images.as_ref())?;
        Ok(Tickets {
            scoring: Scoring::plan(&asking, of_values.collect(), &stored, planner)?,
            rows: planner.step("for every feature, one pass over all rows", |planner| {
                Ok(planner.all_rows(&stored, keep))
            })?,
            alignment: planner.alignment(&stored, &self.prompt.clip)?,
            stored,
            chosen,
            features,
        })
    }

    /// Precision by all components, by the top heads, and by random ones.
    fn found(
        &self,
        known: &Known,
        texts: &Linear<'_>,
        choices: &Choices,
        rows: &Rows,
        desk: &Desk<'_>,
    ) -> Result<Found, DeskError> {
        let all: Vec<usize> = (0..rows.stored().specs().len()).collect();
        let used: Vec<&Vec<usize>> = [&all, &choices.top]
            .into_iter()
            .chain(&choices.random)
            .collect();
        let labels = &known.labels;
        let images = Images {
            rows,
            labels,
            among: self.among,
        };
        Ok(Found {
            name: known.concept.label(),
            values: labels.classes.len(),
            chance: images.chance(),
            precision: images.precisions(texts, &used, desk)?,
        })
    }

    fn note(&self) -> String {
        format!(
            "precision among the first {} images found for each value of a feature, the mean over its values; by all components, by the heads below, and by as many random ones, {DRAWS} draws",
            self.among
        )
    }
}

fn table(found: &[Found]) -> PolarsResult<DataFrame> {
    let random = found.iter().map(|own| mean_and_sd(&own.precision[2..]));
    let (random, spread): (Vec<f64>, Vec<f64>) = random.unzip();
    frame(vec![
        texts("feature", found.iter().map(|own| own.name.as_str())),
        whole("values", found.iter().map(|own| Some(own.values as u32))),
        numbers("chance", found.iter().map(|own| own.chance)),
        numbers("all", found.iter().map(|own| own.precision[0])),
        numbers("top", found.iter().map(|own| own.precision[1])),
        numbers("random", random),
        numbers("random sd", spread),
    ])
}
