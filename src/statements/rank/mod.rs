//! `rank`: which units go with a concept.

mod help;
mod neurons;
mod pictures;
mod scored;
mod stability;
mod table;

use std::sync::Arc;

use self::neurons::Neurons;
use self::scored::{OfModel, scored};
use self::stability::Steady;
use crate::decompose::Component;
use crate::desk::models::through_head::ThroughHead;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::conditions::{filter_frame, keep_rows};
use crate::desk::tables::notes::note_ground;
use crate::desk::units::scores::{Asking, ConceptScores, Found, bases};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::catalog::{Catalog, ColumnInfo, ModelInfo};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Conditions, Score, Unit, UnitsAsked, unit_columns};
use crate::lang::resolve::{ConditionScope, Names, Resolved};

/// `rank UNITS for CONCEPTS in MODELS`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rank {
    /// The models asked, each with its units.
    pub asked: Vec<UnitsAsked>,
    /// The concepts.
    pub concepts: Vec<Concept>,
    /// How units are scored.
    pub score: Score,
    /// Which images count, and which rows of the answer are kept.
    pub conditions: Conditions,
    /// The greatest number of rows.
    pub limit: Option<usize>,
    /// The seed of what is drawn anew.
    pub seed: u64,
    /// Second order: only what reaches the representation through this head.
    pub via: Option<Component>,
    /// Whether to draw texts and images anew.
    pub stability: bool,
    /// Whether units are called by the paper's own names.
    pub paper: bool,
}

/// What ranking takes.
pub struct Tickets {
    targets: Vec<Scores>,
    models: Vec<ModelInfo>,
}

/// What scoring the units of one model takes.
enum Scores {
    /// Stored contributions, and how steady they are.
    Stored(Box<ByStored>),
    /// Forward passes, as neurons are not stored.
    Neurons(Box<Neurons>),
    /// Forward passes, as what goes through a head is not stored.
    Through(Box<ThroughHead>),
}

/// What scoring units by stored contributions takes.
struct ByStored {
    units: Vec<Unit>,
    scores: ConceptScores,
    steady: Option<Steady>,
}

impl Statement for Rank {
    const RULE: &'static str = "rank";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let (asked, conditions) = names.units_asked_of_each(said, ConditionScope::ScoredUnits)?;
        let first = names.model(said.the(Role::Model))?;
        Ok(Self {
            via: names.via(said, first.value)?,
            score: names.score(said)?,
            limit: names.limit(said)?,
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
            stability: said.clause("stability").is_some(),
            paper: said.clause("paper").is_some(),
            asked,
            concepts,
            conditions,
        })
    }

    fn columns(&self, _: &Catalog) -> Option<Vec<ColumnInfo>> {
        let one = self.asked.len() == 1 && self.concepts.len() == 1;
        (one && !self.stability && !self.paper).then(unit_columns)
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let words = format!("order units by {}", self.score.word());
        let targets = planner.step(words, |planner| {
            let each = self.asked.iter().map(|asked| self.plan_one(asked, planner));
            each.collect::<Result<Vec<_>, _>>()
        })?;
        let models = (self.asked.iter()).map(|asked| planner.model_info(&asked.target.model));
        Ok(Tickets {
            targets,
            models: models.collect(),
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut answer = Answer {
            title: Some(self.title()),
            cached: true,
            ..Answer::default()
        };
        let mut columns = Vec::new();
        for ((asked, scores), model) in
            (self.asked.iter().zip(tickets.targets)).zip(&tickets.models)
        {
            let of_model = self.score_one(asked, scores, desk)?;
            answer.notes.extend(of_model.notes);
            answer.cached &= of_model.cached;
            for scored in &of_model.columns {
                let grid = pictures::unit_grid(model, scored);
                answer
                    .pictures
                    .extend(grid.or_else(|| pictures::histogram(scored)));
                answer.pictures.extend(pictures::intervals(scored));
            }
            columns.extend(of_model.columns);
        }
        let several = (self.asked.len() > 1, self.concepts.len() > 1);
        let mut frame = table::table(&tickets.models[0], &columns, several, self.paper)?;
        if let Some(after) = &self.conditions.after {
            frame = keep_rows(&frame, &filter_frame(&frame, after)?)?;
        }
        answer.frame = match self.limit {
            Some(limit) => frame.head(Some(limit)),
            None => frame,
        };
        Ok(answer.into())
    }
}

impl Rank {
    /// What is asked about some units.
    fn asking<'q>(&'q self, asked: &'q UnitsAsked, units: &'q [Unit]) -> Asking<'q> {
        Asking {
            target: &asked.target,
            prompt: &asked.prompt,
            units,
            concepts: &self.concepts,
            score: self.score,
            images: self.conditions.images.as_ref(),
        }
    }

    fn plan_one(&self, asked: &UnitsAsked, planner: &mut Planner<'_>) -> Result<Scores, DeskError> {
        if let Some(head) = self.via {
            stability::refuse_via(self.stability)?;
            let asking = self.asking(asked, &asked.units);
            let words = format!("score {} units through {head} of", asked.units.len());
            let through = planner.step(
                format!("{words} {} on {}", asked.target.model, asked.target.set),
                |planner| planner.through_head(&asking, head),
            )?;
            return Ok(Scores::Through(Box::new(through)));
        }
        let (stored, units) = planner.decomposed_units(&asked.target, &asked.units)?;
        let asking = self.asking(asked, &units);
        let words = format!("score {} units of", units.len());
        planner.step_on(&words, &asked.target, |planner| {
            self.plan_stored(&asking, &stored, planner)
        })
    }

    fn plan_stored(
        &self,
        asking: &Asking<'_>,
        stored: &Arc<Stored>,
        planner: &mut Planner<'_>,
    ) -> Result<Scores, DeskError> {
        if neurons::asked(asking.units) {
            let neurons = Neurons::plan(asking, self.stability, stored, planner)?;
            return Ok(Scores::Neurons(Box::new(neurons)));
        }
        let units = planner.unit_scores(asking, stored)?;
        let steady = match self.stability {
            true => Some(Steady::plan(asking, self.seed, stored, planner)?),
            false => None,
        };
        let texts = planner.concepts(asking.prompt, asking.concepts)?;
        Ok(Scores::Stored(Box::new(ByStored {
            units: asking.units.to_vec(),
            scores: ConceptScores { units, texts },
            steady,
        })))
    }

    /// A column of scores per concept, of one model's units.
    fn score_one(
        &self,
        asked: &UnitsAsked,
        scores: Scores,
        desk: &mut Desk<'_>,
    ) -> Result<OfModel, DeskError> {
        let columns = |units: &[Unit], scores: &[Vec<f64>]| {
            scored(&asked.target.model, &self.concepts, units, scores)
        };
        Ok(match scores {
            Scores::Through(through) => {
                let found = through.run(&self.concepts, desk)?;
                OfModel {
                    columns: columns(&found.units, &found.scores),
                    notes: found.notes,
                    cached: false,
                }
            }
            Scores::Neurons(neurons) => {
                let (units, found, note) = neurons.run(&self.concepts, self.score, desk)?;
                let mut notes = vec![note];
                self.note_ground(asked, &found, &mut notes);
                OfModel {
                    columns: columns(&units, &found.scores),
                    notes,
                    cached: false,
                }
            }
            Scores::Stored(by_stored) => {
                let ByStored {
                    units,
                    scores,
                    steady,
                } = *by_stored;
                let embeddings = scores.texts.embed(desk)?;
                let bases = bases(&embeddings, &self.concepts, self.score);
                let found = scores.units.run(&bases, desk)?;
                let mut columns = columns(&units, &found.scores);
                let mut notes = match steady {
                    Some(steady) => steady.run(&embeddings, &self.concepts, &mut columns, desk)?,
                    None => Vec::new(),
                };
                self.note_ground(asked, &found, &mut notes);
                OfModel {
                    columns,
                    notes,
                    cached: embeddings.cached && found.warm,
                }
            }
        })
    }

    fn note_ground(&self, asked: &UnitsAsked, found: &Found, notes: &mut Vec<String>) {
        let chosen = self.conditions.images.is_some();
        note_ground(&asked.target, &asked.prompt, found.ground, chosen, notes);
    }

    fn title(&self) -> String {
        let via = match self.via {
            Some(head) => format!(" via {head}"),
            None => String::new(),
        };
        let concepts: Vec<String> = self.concepts.iter().map(Concept::label).collect();
        let models: Vec<&str> = (self.asked.iter())
            .map(|asked| asked.target.model.as_str())
            .collect();
        format!(
            "{} with {} in {}{via}",
            self.score.word(),
            concepts.join(", "),
            models.join(", ")
        )
    }
}
