//! `features of`: which known features units encode: a ranking the other way round.

use polars::prelude::DataFrame;

use crate::decompose::Component;
use crate::desk::models::through_head::ThroughHead;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::tables::conditions::{filter_frame, keep_rows};
use crate::desk::tables::notes::note_ground;
use crate::desk::units::scores::{Asking, ConceptScores};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::{OPTIONS, Topic};
use crate::lang::query::{Concept, Conditions, Score, Unit, UnitsAsked};
use crate::lang::resolve::{ConditionScope, Names, Resolved};
use crate::store::{Feature, Origin};

/// `features of UNITS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The model asked, and its units.
    pub asked: UnitsAsked,
    /// How units are scored.
    pub score: Score,
    /// Which images count, and which rows of the answer are kept.
    pub conditions: Conditions,
    /// The greatest number of rows.
    pub limit: Option<usize>,
    /// Second order: only what reaches the representation through this head.
    pub via: Option<Component>,
}

/// What scoring units for every known feature takes.
pub struct Tickets {
    known: Vec<Feature>,
    concepts: Vec<Concept>,
    scores: Scores,
}

/// What scoring the units takes.
enum Scores {
    /// Stored contributions.
    Stored {
        units: Vec<Unit>,
        scores: Box<ConceptScores>,
    },
    /// Forward passes, as what goes through a head is not stored.
    Through(Box<ThroughHead>),
}

impl Statement for Features {
    const RULE: &'static str = "features";
    const HELP: &'static Topic = &Topic {
        name: "features",
        summary: "Which known features does a unit encode?",
        form: "features of UNITS in MODEL [via head L.H] [OPTIONS]",
        text: OPTIONS,
        examples: &[
            "features of head 5.2 in dinov2",
            "features of head 4.3 in dinov2 via head 5.2",
        ],
        about_images: false,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let (asked, conditions) = names.units_asked(said, model, ConditionScope::ScoredUnits)?;
        let via = names.via(said, model.value)?;
        Ok(Self {
            score: names.score(said)?,
            limit: names.limit(said)?,
            asked,
            conditions,
            via,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let known = planner.features(&self.asked.target.set)?;
        let concepts: Vec<Concept> = known.iter().map(concept).collect();
        let scores = planner.step("order features by score", |planner| {
            self.plan_scores(&concepts, planner)
        })?;
        Ok(Tickets {
            known,
            concepts,
            scores,
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let Tickets {
            known,
            concepts,
            scores,
        } = tickets;
        let (target, mut notes) = (&self.asked.target, Vec::new());
        let (units, scores, cached) = match scores {
            Scores::Through(through) => {
                let found = through.run(&concepts, desk)?;
                notes = found.notes;
                (found.units, found.scores, false)
            }
            Scores::Stored { units, scores } => {
                let (found, cached) = scores.run(&concepts, self.score, desk)?;
                let chosen = self.conditions.images.is_some();
                note_ground(target, &self.asked.prompt, found.ground, chosen, &mut notes);
                (units, found.scores, cached)
            }
        };
        let mut table = table(&known, &units, &scores)?;
        if let Some(after) = &self.conditions.after {
            // Via a head there are only the units before it.
            self.refuse_several_scores(units.len())?;
            table = keep_rows(&table, &filter_frame(&table, after)?)?;
        }
        let answer = Answer {
            title: Some(self.title()),
            frame: match self.limit {
                Some(limit) => table.head(Some(limit)),
                None => table,
            },
            notes,
            cached,
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

impl Features {
    fn plan_scores(
        &self,
        concepts: &[Concept],
        planner: &mut Planner<'_>,
    ) -> Result<Scores, DeskError> {
        let target = &self.asked.target;
        if let Some(head) = self.via {
            let asking = self.asking(&self.asked.units, concepts);
            let words = format!("score {} units through {head} of", asking.units.len());
            let through = planner.step(
                format!("{words} {} on {}", target.model, target.set),
                |planner| planner.through_head(&asking, head),
            )?;
            return Ok(Scores::Through(Box::new(through)));
        }
        let (stored, units) = planner.decomposed_units(target, &self.asked.units)?;
        self.refuse_several_scores(units.len())?;
        let words = format!("score {} units of", units.len());
        let scores = planner.step_on(&words, target, |planner| {
            planner.scores(&self.asking(&units, concepts), &stored)
        })?;
        Ok(Scores::Stored {
            units,
            scores: Box::new(scores),
        })
    }

    /// What is asked about some units.
    fn asking<'q>(&'q self, units: &'q [Unit], concepts: &'q [Concept]) -> Asking<'q> {
        Asking {
            target: &self.asked.target,
            prompt: &self.asked.prompt,
            units,
            concepts,
            score: self.score,
            images: self.conditions.images.as_ref(),
        }
    }

    /// Refuses a condition on the scores where those of several units stand side by side.
    fn refuse_several_scores(&self, units: usize) -> Result<(), DeskError> {
        if self.conditions.after.is_none() || units < 2 {
            return Ok(());
        }
        Err(DeskError::refused(
            "with several units there is a column of scores for each, and `score` could be any",
            "name one unit, or put the condition after a `|`",
        ))
    }

    fn title(&self) -> String {
        let via = match self.via {
            Some(head) => format!(" via {head}"),
            None => String::new(),
        };
        format!(
            "{} of units in {} with known features{via}",
            self.score.word(),
            self.asked.target.model
        )
    }
}

fn concept(feature: &Feature) -> Concept {
    Concept::Feature {
        name: feature.name.clone(),
        texts: feature.texts.clone(),
    }
}

/// One row per feature, ordered by the scores of the first unit; one column of scores per unit. `scores` are by unit and
/// feature.
fn table(known: &[Feature], units: &[Unit], scores: &[Vec<f64>]) -> Result<DataFrame, DeskError> {
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by(|&a, &b| scores[0][b].total_cmp(&scores[0][a]));
    let ordered = || order.iter().map(|&feature| &known[feature]);
    let mut columns = vec![
        texts("feature", ordered().map(|feature| &feature.name)),
        texts("from", ordered().map(origin)),
        whole("texts", ordered().map(|f| Some(f.texts.len() as u32))),
    ];
    for (unit, scores) in units.iter().zip(scores) {
        let name = match units.len() {
            1 => "score".to_owned(),
            _ => unit.to_string(),
        };
        columns.push(numbers(&name, order.iter().map(|&feature| scores[feature])));
    }
    Ok(frame(columns)?)
}

fn origin(feature: &Feature) -> String {
    match &feature.origin {
        Origin::BuiltIn => "built-in".to_owned(),
        Origin::Set(set) => set.clone(),
        Origin::User => "yours".to_owned(),
    }
}
