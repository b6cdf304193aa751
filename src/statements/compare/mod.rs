//! `compare`: how alike rankings of units are, between models or between concepts.

mod agreement;

use self::agreement::{Pair, Ranking, pairs, table};
use crate::analysis::{Replicate, TextBasis};
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::notes::note_ground;
use crate::desk::units::resampling::{Resampled, SHARE, draws};
use crate::desk::units::scores::{Asking, ConceptScores, bases};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::filter::Filter;
use crate::lang::help::{OPTIONS, Topic};
use crate::lang::query::{Concept, Score, Unit, UnitsAsked};
use crate::lang::resolve::{ConditionScope, Names, Resolved};

/// How often the images are drawn anew.
const DRAWS: usize = 50;

/// How many of the highest scores are held against each other, unless the user says otherwise.
const TOP: usize = 10;

/// `compare UNITS for CONCEPTS in MODELS`.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The models asked, each with its units.
    pub asked: Vec<UnitsAsked>,
    /// The concepts.
    pub concepts: Vec<Concept>,
    /// How units are scored.
    pub score: Score,
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// How many of the highest scores are held against each other.
    pub top: usize,
    /// The seed of what is drawn anew.
    pub seed: u64,
}

/// What the rankings of one model take.
pub struct Rankings {
    units: Vec<Unit>,
    scores: ConceptScores,
    /// The same on images drawn anew; nothing where the score can't be resampled.
    resampled: Option<Resampled>,
}

impl Statement for Compare {
    const RULE: &'static str = "compare";
    const HELP: &'static Topic = &Topic {
        name: "compare",
        summary: "How alike are the rankings of models or concepts?",
        form: "compare UNITS, … for CONCEPT, … in MODEL, … [OPTIONS]",
        text: OPTIONS,
        examples: &["compare heads for texture in dinov2, deit"],
        about_images: false,
    };
    type Tickets = Vec<Rankings>;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let (asked, conditions) = names.units_asked_of_each(said, ConditionScope::Units)?;
        Ok(Self {
            score: names.score(said)?,
            top: names.limit(said)?.unwrap_or(TOP),
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
            asked,
            concepts,
            images: conditions.images,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Vec<Rankings>, DeskError> {
        if self.asked.len() * self.concepts.len() < 2 {
            return Err(DeskError::refused(
                "one concept in one model makes one ranking, and there is nothing to compare it with",
                "name several concepts after `for`, or several models after `in`",
            ));
        }
        planner.step("hold every two rankings against each other", |planner| {
            let each = self.asked.iter().map(|asked| self.plan_one(asked, planner));
            each.collect()
        })
    }

    fn run(&self, tickets: Vec<Rankings>, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut answer = Answer {
            title: Some(format!("agreement of rankings by {}", self.score.word())),
            cached: true,
            ..Answer::default()
        };
        let mut rankings = Vec::new();
        for (asked, planned) in self.asked.iter().zip(tickets) {
            rankings.extend(self.rankings(asked, planned, &mut answer, desk)?);
        }
        let pairs = pairs(&rankings, self.top)?;
        answer.notes.extend(self.notes(&pairs));
        answer.frame = table(&pairs, self.top)?;
        Ok(answer.into())
    }
}

impl Compare {
    fn plan_one(
        &self,
        asked: &UnitsAsked,
        planner: &mut Planner<'_>,
    ) -> Result<Rankings, DeskError> {
        let (stored, units) = planner.decomposed_units(&asked.target, &asked.units)?;
        let words = format!("score {} units of", units.len());
        planner.step_on(&words, &asked.target, |planner| {
            let asking = Asking {
                target: &asked.target,
                prompt: &asked.prompt,
                units: &units,
                concepts: &self.concepts,
                score: self.score,
                images: self.images.as_ref(),
            };
            let scores = planner.unit_scores(&asking, &stored)?;
            let resampled = match self.score {
                Score::Spearman => None,
                _ => {
                    let draws = format!("{DRAWS} draws of the images");
                    Some(planner.resampled(&draws, &asking, &stored)?)
                }
            };
            let texts = planner.concepts(&asked.prompt, &self.concepts)?;
            Ok(Rankings {
                scores: ConceptScores {
                    units: scores,
                    texts,
                },
                resampled,
                units,
            })
        })
    }

    /// A model's rankings, one per concept; what they rest on goes to the answer.
    fn rankings(
        &self,
        asked: &UnitsAsked,
        planned: Rankings,
        answer: &mut Answer,
        desk: &mut Desk<'_>,
    ) -> Result<Vec<Ranking>, DeskError> {
        let embeddings = planned.scores.texts.embed(desk)?;
        let bases = bases(&embeddings, &self.concepts, self.score);
        let found = planned.scores.units.run(&bases, desk)?;
        answer.cached &= embeddings.cached && found.warm;
        note_ground(
            &asked.target,
            &asked.prompt,
            found.ground,
            self.images.is_some(),
            &mut answer.notes,
        );
        let drawn = match planned.resampled {
            Some(resampled) => self.drawn(&resampled, &bases, desk)?,
            None => vec![Vec::new(); bases.len()],
        };
        let concepts = self.concepts.iter().zip(drawn).enumerate();
        let rankings = concepts.map(|(column, (concept, drawn))| Ranking {
            name: self.name(concept, asked),
            set: asked.target.set.clone(),
            units: planned.units.clone(),
            scores: found.scores.iter().map(|scores| scores[column]).collect(),
            drawn,
        });
        Ok(rankings.collect())
    }

    /// Scores on images drawn anew, `[concept][draw][unit]`.
    fn drawn(
        &self,
        resampled: &Resampled,
        bases: &[TextBasis],
        desk: &Desk<'_>,
    ) -> Result<Vec<Vec<Vec<f64>>>, DeskError> {
        let draws = draws(self.seed, DRAWS);
        let of_basis = |basis: &TextBasis| {
            let replicate = |&draw: &u64| Replicate {
                basis: basis.clone(),
                draw: Some(draw),
            };
            draws.iter().map(replicate).collect::<Vec<_>>()
        };
        let replicates: Vec<Replicate> = bases.iter().flat_map(of_basis).collect();
        let scores = resampled.run(&replicates, desk)?;
        Ok(scores.chunks(DRAWS).map(<[_]>::to_vec).collect())
    }

    /// What tells a ranking apart from the others.
    fn name(&self, concept: &Concept, asked: &UnitsAsked) -> String {
        let model = &asked.target.model;
        match (self.asked.len() > 1, self.concepts.len() > 1) {
            (true, true) => format!("{} in {model}", concept.label()),
            (true, false) => model.clone(),
            _ => concept.label(),
        }
    }

    fn notes(&self, pairs: &[Pair<'_>]) -> Vec<String> {
        let mut notes = vec![match self.score {
            Score::Spearman => {
                "no intervals: resampling images would rank them all again each time".to_owned()
            }
            _ => format!(
                "low and high hold {:.0} % of {DRAWS} draws of the images (seed {})",
                100.0 * SHARE,
                self.seed
            ),
        }];
        if self.asked.len() > 1 {
            notes.push(
                "units of different models are matched by name, that is by where they stand; nothing else makes head 3.1 of \
                 one model the head 3.1 of another"
                    .to_owned(),
            );
        }
        let partly =
            |pair: &&Pair<'_>| pair.units < pair.a.units.len() || pair.units < pair.b.units.len();
        if let Some(pair) = pairs.iter().find(partly) {
            notes.push(format!(
                "{} and {} share {} units; the others are left out",
                pair.a.name, pair.b.name, pair.units
            ));
        }
        if pairs.iter().any(|pair| pair.a.set != pair.b.set) {
            notes.push("the models were asked on different images, drawn independently".to_owned());
        }
        notes
    }
}
