//! `rank … with stability`: how far scores and places depend on the texts and images that happened to be there.

use std::sync::Arc;

use polars::prelude::Column;

use super::scored::{Scored, Steadiness};
use crate::align::Random;
use crate::analysis::{Replicate, interval, places, spearman};
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::columns::{numbers, whole};
use crate::desk::texts::embeddings::Embeddings;
use crate::desk::units::resampling::{Resampled, SHARE, draws};
use crate::desk::units::scores::{Asking, basis};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::{Concept, Score, Unit};

/// Replicates in which texts and images are both drawn anew.
const DRAWS: usize = 100;

/// The right to say how steady scores are.
pub(super) struct Steady {
    score: Score,
    seed: u64,
    resampled: Resampled,
}

impl Steady {
    /// Plans it.
    pub fn plan(
        asking: &Asking<'_>,
        seed: u64,
        stored: &Arc<Stored>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        refuse_ranks(asking.score)?;
        let draws = format!("{DRAWS} draws of texts and images, and each text left out");
        Ok(Self {
            score: asking.score,
            seed,
            resampled: planner.resampled(&draws, asking, stored)?,
        })
    }

    /// Adds to each column of a model's scores how steady they are; gives a note for each.
    pub fn run(
        self,
        embeddings: &Embeddings,
        concepts: &[Concept],
        columns: &mut [Scored],
        desk: &Desk<'_>,
    ) -> Result<Vec<String>, DeskError> {
        let (mut replicates, mut ranges) = (Vec::new(), Vec::new());
        for concept in concepts {
            let rows = embeddings.of(concept.texts());
            let own = replicates_of(self.score, self.seed, &rows, concept.texts().len());
            ranges.push(replicates.len()..replicates.len() + own.len());
            replicates.extend(own);
        }
        let scores = self.resampled.run(&replicates, desk)?;
        let mut notes = vec![format!(
            "intervals hold {:.0} % of {DRAWS} replicates with texts and images drawn anew (seed {})",
            100.0 * SHARE,
            self.seed
        )];
        for ((scored, concept), range) in columns.iter_mut().zip(concepts).zip(ranges) {
            let (drawn, without) = scores[range].split_at(DRAWS);
            let full: Vec<f64> = scored.units.iter().map(|(_, score)| *score).collect();
            let steady = steadiness(drawn);
            let said = outside(&full, &steady).into_iter().chain(weakest_text(
                &full,
                without,
                concept.texts(),
            ));
            notes
                .extend(said.map(|note| format!("{} in {}: {note}", scored.concept, scored.model)));
            scored.steadiness = Some(steady);
        }
        Ok(notes)
    }
}

/// Resampling sums products over images, which ranks are not.
fn refuse_ranks(score: Score) -> Result<(), DeskError> {
    if score != Score::Spearman {
        return Ok(());
    }
    Err(DeskError::refused(
        "`with stability` does not resample the score `spearman`, which would rank all images again each time",
        "leave out `by spearman`; `by order-free` is a correlation that does not depend on the order of texts either",
    ))
}

/// What comes through a head is not stored.
pub(super) fn refuse_via(stability: bool) -> Result<(), DeskError> {
    if !stability {
        return Ok(());
    }
    Err(DeskError::refused(
        "stability is not known of contributions via a head, which are not stored",
        "leave out `with stability` or `via`",
    ))
}

/// [`DRAWS`] replicates with as many texts drawn with replacement and a draw of the images each; then one on all images
/// for every text left out.
fn replicates_of(score: Score, seed: u64, rows: &[f32], texts: usize) -> Vec<Replicate> {
    let dim = rows.len() / texts.max(1);
    let basis_of = |chosen: &[usize]| {
        let rows: Vec<f32> = (chosen.iter())
            .flat_map(|&text| rows[text * dim..(text + 1) * dim].to_vec())
            .collect();
        basis(score, &rows, dim)
    };
    let draws = draws(seed, DRAWS).into_iter();
    let mut replicates: Vec<Replicate> = draws
        .map(|draw| {
            let mut random = Random::new(!draw);
            let chosen: Vec<usize> = (0..texts).map(|_| random.below(texts)).collect();
            Replicate {
                basis: basis_of(&chosen),
                draw: Some(draw),
            }
        })
        .collect();
    if texts > 1 {
        replicates.extend((0..texts).map(|out| {
            let rest: Vec<usize> = (0..texts).filter(|text| *text != out).collect();
            Replicate {
                basis: basis_of(&rest),
                draw: None,
            }
        }));
    }
    replicates
}

/// Intervals per unit, from scores by replicate and unit.
fn steadiness(replicates: &[Vec<f64>]) -> Vec<Steadiness> {
    let ranks: Vec<Vec<usize>> = replicates.iter().map(|scores| places(scores)).collect();
    let units = replicates.first().map_or(0, Vec::len);
    let of_unit = |unit: usize| {
        let scores = replicates.iter().map(|scores| scores[unit]).collect();
        let ranks = ranks.iter().map(|ranks| ranks[unit] as f64).collect();
        let (best, worst) = interval(ranks, SHARE).unwrap_or_default();
        Steadiness {
            score: interval(scores, SHARE).unwrap_or_default(),
            rank: (best.floor() as u32, worst.ceil() as u32),
        }
    };
    (0..units).map(of_unit).collect()
}

/// Says so where scores lie outside their own intervals.
fn outside(full: &[f64], steady: &[Steadiness]) -> Option<String> {
    let is_outside = |(score, steady): &(&f64, &Steadiness)| {
        **score < steady.score.0 || **score > steady.score.1
    };
    let count = full.iter().zip(steady).filter(is_outside).count();
    (count > 0).then(|| {
        format!(
            "{count} of {} scores lie outside their own interval, because they depend on the order of the texts and on \
             how many differ, and a draw changes both; `by order-free` does not depend on the order",
            full.len()
        )
    })
}

/// Which text changes the order of units most by being left out.
fn weakest_text(full: &[f64], without: &[Vec<f64>], texts: &[String]) -> Option<String> {
    let alike = without.iter().map(|scores| spearman(full, scores));
    let (text, alike) = (texts.iter().zip(alike))
        .filter_map(|(text, alike)| Some((text, alike?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(format!(
        "leaving out one text changes the order most if it is “{text}” (rank correlation with the full order {alike:.2})"
    ))
}

/// The columns that follow the column `name` of scores, for these units.
pub(super) fn columns(name: &str, scored: &Scored, units: &[Unit]) -> Vec<Column> {
    let of = |unit: &Unit| {
        let place = scored.units.iter().position(|(own, _)| own == unit)?;
        Some(scored.steadiness.as_ref()?[place])
    };
    let steady: Vec<Option<Steadiness>> = units.iter().map(of).collect();
    let score = |pick: fn(&Steadiness) -> f64| {
        let values = steady.iter().map(|s| s.as_ref().map_or(f64::NAN, pick));
        values.collect::<Vec<f64>>()
    };
    let rank = |pick: fn(&Steadiness) -> u32| {
        let values = steady.iter().map(|s| s.as_ref().map(pick));
        values.collect::<Vec<Option<u32>>>()
    };
    let rank_name = match name {
        "score" => "rank".to_owned(),
        name => format!("{name} rank"),
    };
    vec![
        numbers(&format!("{name} low"), score(|s| s.score.0)),
        numbers(&format!("{name} high"), score(|s| s.score.1)),
        whole(&format!("{rank_name} low"), rank(|s| s.rank.0)),
        whole(&format!("{rank_name} high"), rank(|s| s.rank.1)),
    ]
}
