//! `features of`: which known features units encode: a ranking the other way round.

use super::frames::{frame, numbers, texts, whole};
use super::rank::{Scored, keep_rows, note_basis};
use super::stages::filter_frame;
use super::{Desk, EngineError};
use crate::interface::answer::Answer;
use crate::lang::query::{Concept, Question, Target, Unit};
use crate::store::{Feature, Origin};

impl Desk<'_> {
    /// Scores every known feature for the units asked about.
    pub(super) fn features(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let known = self.store.features(Some(&target.set))?;
        let asked = asked_for(question, &known);
        let mut notes = Vec::new();
        let (columns, cached) = match question.via {
            Some(head) => (self.score_via(&asked, target, head, &mut notes)?, false),
            None => {
                let scores = self.score(&asked, target)?;
                note_basis(question, target, scores.ground, scores.images, &mut notes)?;
                (scores.columns, scores.cached)
            }
        };
        // Via a head there are only the units before it.
        let units: Vec<Unit> = columns[0].units.iter().map(|(unit, _)| *unit).collect();
        let by_unit = by_unit(&columns, units.len());
        let mut order: Vec<usize> = (0..known.len()).collect();
        order.sort_by(|&a, &b| by_unit[0][b].total_cmp(&by_unit[0][a]));

        let mut columns = vec![
            texts("feature", order.iter().map(|&f| known[f].name.clone())),
            texts("from", order.iter().map(|&f| origin(&known[f]))),
            whole(
                "texts",
                order.iter().map(|&f| Some(known[f].texts.len() as u32)),
            ),
        ];
        for (unit, scores) in units.iter().zip(&by_unit) {
            let name = match units.len() {
                1 => "score".to_owned(),
                _ => unit.to_string(),
            };
            columns.push(numbers(&name, order.iter().map(|&f| scores[f])));
        }
        let mut table = frame(columns)?;
        if let Some(after) = &question.after {
            if units.len() > 1 {
                return Err(EngineError::refused(
                    "with several units there is a column of scores for each, and `score` could be any",
                    "name one unit, or put the condition after a `|`",
                ));
            }
            table = keep_rows(&table, &filter_frame(&table, after)?)?;
        }
        let via = match question.via {
            Some(head) => format!(" via {head}"),
            None => String::new(),
        };
        Ok(Answer {
            title: Some(format!(
                "{} of units in {} with known features{via}",
                question.score.word(),
                target.model
            )),
            frame: match question.limit {
                Some(limit) => table.head(Some(limit)),
                None => table,
            },
            notes,
            cached,
            ..Answer::default()
        })
    }

    /// Scores `[unit][feature]` of a target's units for features.
    pub(super) fn scores_for(
        &mut self,
        question: &Question,
        target: &Target,
        features: &[Feature],
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        let scores = self.score(&asked_for(question, features), target)?;
        Ok(by_unit(&scores.columns, target.units.len()))
    }
}

/// Columns of scores, one per feature, as `[unit][feature]`.
fn by_unit(columns: &[Scored], units: usize) -> Vec<Vec<f64>> {
    let of_unit = |unit: usize| columns.iter().map(|scored| scored.units[unit].1).collect();
    (0..units).map(of_unit).collect()
}

/// The same question about these features.
fn asked_for(question: &Question, features: &[Feature]) -> Question {
    let concept = |feature: &Feature| Concept::Feature {
        name: feature.name.clone(),
        texts: feature.texts.clone(),
    };
    Question {
        concepts: features.iter().map(concept).collect(),
        ..question.clone()
    }
}

fn origin(feature: &Feature) -> String {
    match &feature.origin {
        Origin::BuiltIn => "built-in".to_owned(),
        Origin::Set(set) => set.clone(),
        Origin::User => "yours".to_owned(),
    }
}
