//! [`SpecificHeads`]: the ticket to choose the heads that stand for a property of images.

use std::sync::Arc;

use crate::analysis::specific;
use crate::desk::stored::decomposition::Stored;
use crate::desk::units::groups::{Named, components_of};
use crate::desk::units::scores::{Asking, ConceptScores};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::query::{Concept, Prompt, Score, Target, Unit};

/// Heads that stand for a property, as published for DeiT and most others.
const HEADS: usize = 3;

/// A property that images may have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    /// Its concept.
    pub concept: Concept,
    /// How it is put.
    pub prompt: Prompt,
    /// How heads are scored for it.
    pub score: Score,
}

/// The right to choose the heads most specific to a property.
pub(super) struct SpecificHeads {
    stored: Arc<Stored>,
    heads: Vec<Unit>,
    /// All other features, and last the property.
    concepts: Vec<Concept>,
    score: Score,
    scores: ConceptScores,
}

impl SpecificHeads {
    /// Plans it: scores of all heads for all features of the set.
    pub fn plan(
        property: &Property,
        target: &Target,
        stored: &Arc<Stored>,
        planner: &mut Planner<'_>,
    ) -> Result<Self, DeskError> {
        let features = planner.features(&target.set)?;
        let words = format!(
            "the heads most specific to the property, from scores for {} features or more",
            features.len()
        );
        let texts = features.iter().flat_map(|feature| &feature.texts);
        let texts: Vec<String> = texts.chain(property.concept.texts()).cloned().collect();
        let name = property.concept.label();
        let others = features.into_iter().filter(|feature| feature.name != name);
        let mut concepts: Vec<Concept> = others
            .map(|feature| Concept::Feature {
                name: feature.name,
                texts: feature.texts,
            })
            .collect();
        concepts.push(property.concept.clone());
        let heads = planner.heads(stored);
        let asking = Asking {
            target,
            prompt: &property.prompt,
            units: &heads,
            concepts: &concepts,
            score: property.score,
            images: None,
        };
        let scores = planner.step(words, |planner| {
            Ok(ConceptScores {
                units: planner.unit_scores(&asking, stored)?,
                texts: planner.texts(&property.prompt, &texts)?,
            })
        })?;
        Ok(Self {
            stored: stored.clone(),
            heads,
            concepts,
            score: property.score,
            scores,
        })
    }

    /// The heads most specific to the property, those for which its score exceeds that of every other known feature of
    /// the set most (arXiv 2406.01583, section 5.3); and what to say of them.
    pub fn run(self, desk: &mut Desk<'_>) -> Result<(Named, Vec<String>), DeskError> {
        let (found, _) = self.scores.run(&self.concepts, self.score, desk)?;
        let by_unit = specific(&found.scores);
        let property = self.concepts.len() - 1;
        let margin = |head: usize| by_unit[head][property];
        let mut order: Vec<usize> = (0..by_unit.len()).collect();
        order.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)));
        order.truncate(HEADS);
        let name = self.concepts[property].label();
        let mut notes = vec![format!(
            "the heads most specific to {name} among {} features; `using` takes others",
            self.concepts.len()
        )];
        if order.first().is_some_and(|&best| margin(best) <= 0.0) {
            notes.push(format!(
                "no head carries {name} more than every other feature"
            ));
        }
        let units: Vec<Unit> = order.iter().map(|&head| self.heads[head]).collect();
        Ok((components_of(self.stored.specs(), &units)?, notes))
    }
}
