//! `compare`: how alike rankings of units are, between models or between concepts.

use polars::prelude::{Column, NamedFrom, Series};

use super::frames::{frame, numbers, texts, whole};
use super::rank::note_basis;
use super::stability::{SHARE, draws};
use super::{Desk, EngineError};
use crate::analysis::{Replicate, interval, overlap, spearman};
use crate::interface::answer::Answer;
use crate::lang::query::{Question, Score, Target, Unit};

/// How often the images are drawn anew.
pub(super) const DRAWS: usize = 50;

/// How many of the highest scores are held against each other, unless the user says otherwise.
const TOP: usize = 10;

/// A ranking, and the same on resampled images.
struct Ranking {
    name: String,
    set: String,
    units: Vec<Unit>,
    scores: Vec<f64>,
    /// Scores by draw and unit; nothing where the score can't be resampled.
    drawn: Vec<Vec<f64>>,
}

/// Two rankings held against each other.
struct Pair<'a> {
    a: &'a Ranking,
    b: &'a Ranking,
    units: usize,
    alike: Option<f64>,
    between: Option<(f64, f64)>,
    overlap: f64,
}

impl Desk<'_> {
    /// Compares every two of the rankings that the statement names.
    pub(super) fn compare(&mut self, question: &Question) -> Result<Answer, EngineError> {
        if question.targets.len() * question.concepts.len() < 2 {
            return Err(EngineError::refused(
                "one concept in one model makes one ranking, and there is nothing to compare it with",
                "name several concepts after `for`, or several models after `in`",
            ));
        }
        let mut answer = Answer {
            title: Some(format!(
                "agreement of rankings by {}",
                question.score.word()
            )),
            cached: true,
            ..Answer::default()
        };
        let mut rankings = Vec::new();
        for target in &question.targets {
            rankings.extend(self.rankings(question, target, &mut answer)?);
        }
        let top = question.limit.unwrap_or(TOP);
        let mut pairs = Vec::new();
        for (place, a) in rankings.iter().enumerate() {
            for b in &rankings[place + 1..] {
                pairs.push(Pair::of(a, b, top)?);
            }
        }
        answer.notes.extend(notes(question, &pairs));
        answer.frame = table(&pairs, top)?;
        Ok(answer)
    }

    /// A target's rankings, one per concept.
    fn rankings(
        &mut self,
        question: &Question,
        target: &Target,
        answer: &mut Answer,
    ) -> Result<Vec<Ranking>, EngineError> {
        let scores = self.score(question, target)?;
        answer.cached &= scores.cached;
        note_basis(
            question,
            target,
            scores.ground,
            scores.images,
            &mut answer.notes,
        )?;
        let (bases, _) = self.bases(question, target)?;
        let drawn = if question.score == Score::Spearman {
            vec![Vec::new(); bases.len()]
        } else {
            let draws = draws(question.seed, DRAWS);
            let replicates: Vec<Replicate> = (bases.iter())
                .flat_map(|basis| {
                    draws.iter().map(|&draw| Replicate {
                        basis: basis.clone(),
                        draw: Some(draw),
                    })
                })
                .collect();
            let all = self.resampled(question, target, &replicates)?;
            all.chunks(DRAWS).map(<[_]>::to_vec).collect()
        };
        let several = (question.targets.len() > 1, question.concepts.len() > 1);
        let rankings = scores
            .columns
            .into_iter()
            .zip(drawn)
            .map(|(scored, drawn)| {
                let name = match several {
                    (true, true) => format!("{} in {}", scored.concept, scored.model),
                    (true, false) => scored.model,
                    _ => scored.concept,
                };
                let (units, scores) = scored.units.into_iter().unzip();
                Ranking {
                    name,
                    set: target.set.clone(),
                    units,
                    scores,
                    drawn,
                }
            });
        Ok(rankings.collect())
    }
}

impl<'a> Pair<'a> {
    fn of(a: &'a Ranking, b: &'a Ranking, top: usize) -> Result<Self, EngineError> {
        let shared: Vec<(usize, usize)> = (a.units.iter().enumerate())
            .filter_map(|(i, unit)| Some((i, b.units.iter().position(|other| other == unit)?)))
            .collect();
        if shared.len() < 2 {
            return Err(EngineError::refused(
                format!("{} and {} share fewer than 2 units", a.name, b.name),
                "compare units that both models have, such as `layers`",
            ));
        }
        let pick = |of_a: &[f64], of_b: &[f64]| -> (Vec<f64>, Vec<f64>) {
            shared.iter().map(|&(i, j)| (of_a[i], of_b[j])).unzip()
        };
        let (mine, theirs) = pick(&a.scores, &b.scores);
        let drawn = a.drawn.iter().zip(&b.drawn).filter_map(|(a, b)| {
            let (mine, theirs) = pick(a, b);
            spearman(&mine, &theirs)
        });
        Ok(Self {
            units: shared.len(),
            alike: spearman(&mine, &theirs),
            between: interval(drawn.collect(), SHARE),
            overlap: overlap(&mine, &theirs, top.min(shared.len())),
            a,
            b,
        })
    }
}

fn table(pairs: &[Pair<'_>], top: usize) -> Result<polars::prelude::DataFrame, EngineError> {
    let some = |name: &str, of: &dyn Fn(&Pair<'_>) -> Option<f64>| {
        let values: Vec<Option<f64>> = pairs.iter().map(of).collect();
        Column::from(Series::new(name.into(), values))
    };
    Ok(frame(vec![
        texts("a", pairs.iter().map(|pair| &pair.a.name)),
        texts("b", pairs.iter().map(|pair| &pair.b.name)),
        whole("units", pairs.iter().map(|pair| Some(pair.units as u32))),
        some("spearman", &|pair| pair.alike),
        some("low", &|pair| pair.between.map(|(low, _)| low)),
        some("high", &|pair| pair.between.map(|(_, high)| high)),
        numbers(
            &format!("overlap@{top}"),
            pairs.iter().map(|pair| pair.overlap),
        ),
    ])?)
}

fn notes(question: &Question, pairs: &[Pair<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    if question.score == Score::Spearman {
        notes
            .push("no intervals: resampling images would rank them all again each time".to_owned());
    } else {
        notes.push(format!(
            "low and high hold {:.0} % of {DRAWS} draws of the images (seed {})",
            100.0 * SHARE,
            question.seed.unwrap_or(0)
        ));
    }
    if question.targets.len() > 1 {
        notes.push(
            "units of different models are matched by name, that is by where they stand; nothing else makes head 3.1 of \
             one model the head 3.1 of another"
                .to_owned(),
        );
    }
    if let Some(pair) = pairs
        .iter()
        .find(|pair| pair.units < pair.a.units.len() || pair.units < pair.b.units.len())
    {
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
