//! The choices of components that are held against each other for a feature: units that score highest and lowest, and
//! random ones.

use std::sync::Arc;

use crate::decompose::RowSpec;
use crate::desk::stored::decomposition::Stored;
use crate::desk::texts::embeddings::{Embeddings, Texts};
use crate::desk::units::groups::components_of;
use crate::desk::units::random_components::random_like;
use crate::desk::units::scores::{Asking, UnitScores, bases};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::{Concept, Score, Unit};

/// The right to score units for features.
pub(super) struct Scoring {
    stored: Arc<Stored>,
    units: Vec<Unit>,
    concepts: Vec<Concept>,
    score: Score,
    texts: Texts,
    scores: UnitScores,
}

impl Scoring {
    /// Plans to score units, and to embed other texts besides those of the concepts.
    pub fn plan(
        asking: &Asking<'_>,
        others: Vec<String>,
        stored: &Arc<Stored>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let texts = asking.concepts.iter().flat_map(|concept| concept.texts());
        let texts: Vec<String> = texts.cloned().chain(others).collect();
        Ok(Self {
            stored: stored.clone(),
            units: asking.units.to_vec(),
            concepts: asking.concepts.to_vec(),
            score: asking.score,
            texts: planner.texts(asking.prompt, &texts)?,
            scores: planner.unit_scores(asking, stored)?,
        })
    }

    /// The units by score, feature by feature.
    pub fn run(self, desk: &mut Desk<'_>) -> Result<Scored, DeskError> {
        let embeddings = self.texts.embed(desk)?;
        let bases = bases(&embeddings, &self.concepts, self.score);
        let found = self.scores.run(&bases, desk)?;
        let in_order = |feature: usize| {
            let scores = found.scores.iter().map(|scores| scores[feature]);
            let mut scored: Vec<(Unit, f64)> = self.units.iter().copied().zip(scores).collect();
            scored.sort_by(|a, b| b.1.total_cmp(&a.1));
            scored.into_iter().map(|(unit, _)| unit).collect()
        };
        Ok(Scored {
            best_first: (0..self.concepts.len()).map(in_order).collect(),
            stored: self.stored,
            embeddings,
        })
    }
}

/// Units by score, for several features.
pub(super) struct Scored {
    stored: Arc<Stored>,
    best_first: Vec<Vec<Unit>>,
    /// Of all texts that were planned.
    pub embeddings: Embeddings,
}

/// The components that are held against each other.
pub(super) struct Choices {
    /// Those of the units that score highest.
    pub top: Vec<usize>,
    /// What they are called.
    pub words: String,
    /// Those of the units that score lowest.
    pub bottom: Vec<usize>,
    /// As many random ones, draw by draw.
    pub random: Vec<Vec<usize>>,
}

impl Scored {
    /// The `count` units that score highest and lowest for a feature, and random ones.
    pub fn choices(&self, feature: usize, count: usize, seed: u64) -> Result<Choices, DeskError> {
        let (specs, units) = (self.stored.specs(), &self.best_first[feature]);
        let count = count.min(units.len());
        let top = components_of(specs, &units[..count])?;
        let bottom = components_of(specs, &units[units.len() - count..])?;
        Ok(Choices {
            random: random_instead(specs, &top.components, seed),
            top: top.components,
            words: top.words,
            bottom: bottom.components,
        })
    }
}

/// As many random components as some, draw by draw.
pub(super) fn random_instead(
    specs: &[RowSpec],
    components: &Vec<usize>,
    seed: u64,
) -> Vec<Vec<usize>> {
    random_like(specs, std::slice::from_ref(components), seed).concat()
}
