//! Scores of the units of one model.

use crate::lang::query::{Concept, Unit};

/// A column of scores: one model asked about one concept.
pub(super) struct Scored {
    /// The model.
    pub model: String,
    /// The concept.
    pub concept: String,
    /// The units, and the score of each.
    pub units: Vec<(Unit, f64)>,
    /// How steady each unit's score and place are, where that was asked for.
    pub steadiness: Option<Vec<Steadiness>>,
}

/// Where a unit's score and place lie in most replicates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steadiness {
    /// Low and high score.
    pub score: (f64, f64),
    /// Best and worst place, from 1.
    pub rank: (u32, u32),
}

/// What scoring the units of one model gives.
pub(super) struct OfModel {
    /// A column per concept.
    pub columns: Vec<Scored>,
    /// What the scores rest on; each a sentence.
    pub notes: Vec<String>,
    /// Whether no model ran and nothing had to be gathered.
    pub cached: bool,
}

/// A column per concept, from the scores of units by concept.
pub(super) fn scored(
    model: &str,
    concepts: &[Concept],
    units: &[Unit],
    scores: &[Vec<f64>],
) -> Vec<Scored> {
    let column = |(column, concept): (usize, &Concept)| Scored {
        model: model.to_owned(),
        concept: concept.label(),
        units: units
            .iter()
            .zip(scores)
            .map(|(unit, scores)| (*unit, scores[column]))
            .collect(),
        steadiness: None,
    };
    concepts.iter().enumerate().map(column).collect()
}
