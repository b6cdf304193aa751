//! `evaluate ranking`: do scores order units as what is known about the images does? For every unit, a cross-validated
//! probe says how well the attribute can be read from its contribution, without any text; scores are held against that.

use polars::prelude::{Column, NamedFrom, Series};

use super::frames::{frame, numbers, texts, unit_columns};
use super::labels::Known;
use super::rank::groups;
use super::{Desk, EngineError};
use crate::analysis::{FOLDS, Labels, chance, probe_units, spearman};
use crate::contributions::Contributions;
use crate::interface::answer::Answer;
use crate::lang::query::{Question, Score, Target};

/// The scores that come from moments: they cost nothing beside the one that was asked for.
const CHEAP: [Score; 4] = [
    Score::Correlation,
    Score::Variance,
    Score::Covariance,
    Score::OrderFree,
];

/// What a probe reads from every unit.
struct Truth {
    /// `[feature][unit]`: balanced accuracy.
    read: Vec<Vec<f64>>,
    /// By feature: that of a guess.
    chance: Vec<f64>,
}

impl Truth {
    /// How much of the way from a guess to certainty a probe goes, `[feature][unit]`: what makes features comparable.
    fn above_chance(&self) -> Vec<Vec<f64>> {
        let of_feature = |(read, chance): (&Vec<f64>, &f64)| {
            read.iter().map(|r| (r - chance) / (1.0 - chance)).collect()
        };
        self.read.iter().zip(&self.chance).map(of_feature).collect()
    }
}

impl Desk<'_> {
    /// Holds a ranking of units against probes.
    pub(super) fn evaluate_ranking(&mut self, question: &Question) -> Result<Answer, EngineError> {
        super::evaluate::refuse_chosen(question)?;
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let judged = self.images(target, question.images.as_ref())?;
        let keep = |id: u32| judged[id as usize];
        let known = self.known(question, &set)?.into_iter();
        let (known, alike): (Vec<Known>, Vec<Known>) =
            known.partition(|known| chance(&known.labels, &keep) < 1.0);
        if known.is_empty() {
            return Err(EngineError::refused(
                "the images to judge by are of fewer than two values of what is asked about",
                "let the condition leave images of several values",
            ));
        }
        let stored = self.stored(&target.model, &target.set)?;
        let units = groups(stored.specs(), &target.units)?;
        let labels: Vec<Labels> = known.iter().map(|known| known.labels.clone()).collect();
        let mut cached = true;
        let mut scores = Vec::new();
        for score in asked(question) {
            let (own, warm) = self.scores_by(question, target, &known, score)?;
            cached &= warm;
            scores.push((score, own));
        }
        let probed = probe_units(&stored, &units, &labels, &keep, self.cancel, self.progress)?;
        let truth = Truth {
            read: (0..known.len())
                .map(|f| probed.iter().map(|unit| unit[f]).collect())
                .collect(),
            chance: labels.iter().map(|labels| chance(labels, &keep)).collect(),
        };
        let images = (0..set.len() as u32).filter(|&id| keep(id)).count();
        let mut notes = vec![format!(
            "truth: balanced accuracy of a linear probe of each unit's contribution, {FOLDS}-fold on {images} images of {}",
            set.name()
        )];
        notes.extend(alike.iter().map(|known| {
            let feature = known.concept.label();
            format!("{feature}: fewer than two values among the images to judge by")
        }));
        let columns = match known.as_slice() {
            [one] if !question.concepts.is_empty() => {
                for (score, own) in &scores {
                    let agreement = spearman(&own[0], &truth.read[0]);
                    let agreement = agreement.map_or("none".to_owned(), |rho| format!("{rho:.2}"));
                    notes.push(format!(
                        "rank correlation over {} units of {} with what the probes of {} read: {agreement}",
                        units.len(), score.word(), one.concept.label()
                    ));
                }
                self.by_unit(question, target, &scores, &truth)
            }
            _ => {
                let clip =
                    self.published_reference(question, target, &stored, &units, &known, &judged)?;
                notes.push("columns of scores: Spearman's rank correlation over units with the truth; within units: over features, the mean over units".to_owned());
                let mut columns = by_feature(target, &known, &scores, &truth);
                if let Some(clip) = &clip {
                    notes.push(format!(
                        "{} against clip: the same with CLIP's own similarity of images and texts in place of the truth, as in the published table",
                        question.score.word()
                    ));
                    columns.push(agreement("against clip", &scores[0].1, clip));
                }
                columns
            }
        };
        let mut table = frame(columns)?;
        if let Some(limit) = question.limit {
            table = table.head(Some(limit));
        }
        Ok(Answer {
            title: Some(format!(
                "scores of units in {} against probes",
                target.model
            )),
            frame: table,
            notes,
            cached,
            ..Answer::default()
        })
    }

    /// Scores `[feature][unit]`, and whether all texts and moments were stored.
    fn scores_by(
        &mut self,
        question: &Question,
        target: &Target,
        known: &[Known],
        score: Score,
    ) -> Result<(Vec<Vec<f64>>, bool), EngineError> {
        let asked = Question {
            concepts: known.iter().map(|known| known.concept.clone()).collect(),
            score,
            ..question.clone()
        };
        let scores = self.score(&asked, target)?;
        let of_feature = |units: Vec<(_, f64)>| units.into_iter().map(|(_, s)| s).collect();
        let columns = scores.columns.into_iter().map(|own| of_feature(own.units));
        Ok((columns.collect(), scores.cached))
    }

    /// One feature: every unit with its scores and what a probe reads, the best probe first.
    fn by_unit(
        &self,
        question: &Question,
        target: &Target,
        scores: &[(Score, Vec<Vec<f64>>)],
        truth: &Truth,
    ) -> Vec<Column> {
        let read = &truth.read[0];
        let mut order: Vec<usize> = (0..read.len()).collect();
        order.sort_by(|&a, &b| read[b].total_cmp(&read[a]));
        let units: Vec<_> = order.iter().map(|&unit| target.units[unit]).collect();
        let model = self
            .catalog
            .model(&target.model)
            .cloned()
            .unwrap_or_default();
        let mut columns = unit_columns(&model, &units, question.paper);
        columns.push(numbers("probe", order.iter().map(|&unit| read[unit])));
        columns.push(numbers("chance", order.iter().map(|_| truth.chance[0])));
        for (score, own) in scores {
            columns.push(numbers(
                score.word(),
                order.iter().map(|&unit| own[0][unit]),
            ));
        }
        columns
    }
}

/// The score asked for, first, and those that cost nothing beside it.
fn asked(question: &Question) -> Vec<Score> {
    let others = CHEAP.into_iter().filter(|score| *score != question.score);
    std::iter::once(question.score).chain(others).collect()
}

/// Several features: a row each, then the mean between units and the one within units, as in the published table.
fn by_feature(
    target: &Target,
    known: &[Known],
    scores: &[(Score, Vec<Vec<f64>>)],
    truth: &Truth,
) -> Vec<Column> {
    let mut names: Vec<String> = known.iter().map(|known| known.concept.label()).collect();
    names.extend(["mean between units", "mean within units"].map(str::to_owned));
    let best = |read: &Vec<f64>| (0..read.len()).max_by(|&a, &b| read[a].total_cmp(&read[b]));
    let best: Vec<Option<usize>> = truth.read.iter().map(best).collect();
    let padded = |mut values: Vec<Option<f64>>| {
        values.extend([None, None]);
        values
    };
    let number =
        |name: &str, values: Vec<Option<f64>>| Column::from(Series::new(name.into(), values));
    let best_unit = best
        .iter()
        .map(|best| best.map(|unit| target.units[unit].to_string()));
    let best_read = best
        .iter()
        .zip(&truth.read)
        .map(|(best, read)| best.map(|unit| read[unit]));
    let mut columns = vec![
        texts("feature", names),
        number(
            "chance",
            padded(truth.chance.iter().copied().map(Some).collect()),
        ),
        number("best probe", padded(best_read.collect())),
        Series::new(
            "of unit".into(),
            best_unit.chain([None, None]).collect::<Vec<_>>(),
        )
        .into(),
    ];
    let above = truth.above_chance();
    for (score, own) in scores {
        columns.push(agreement(score.word(), own, &above));
    }
    columns
}

/// Spearman's rank correlation of scores and a reference `[feature][unit]`: over units for every feature, the mean of
/// those, and the mean over units of that over features.
fn agreement(name: &str, scores: &[Vec<f64>], reference: &[Vec<f64>]) -> Column {
    let mut column: Vec<Option<f64>> = (scores.iter().zip(reference))
        .map(|(scores, reference)| spearman(scores, reference))
        .collect();
    column.push(mean(column.iter().flatten().copied()));
    let of_unit = |all: &[Vec<f64>], unit: usize| all.iter().map(|f| f[unit]).collect::<Vec<_>>();
    let units = scores.first().map_or(0, Vec::len);
    let within = |unit| spearman(&of_unit(scores, unit), &of_unit(reference, unit));
    column.push(mean((0..units).filter_map(within)));
    Series::new(name.into(), column).into()
}

/// The mean; nothing of nothing.
fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let numbers: Vec<f64> = numbers.collect();
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_compared_by_how_far_above_chance_they_are_read() {
        let truth = Truth {
            read: vec![vec![0.75, 0.5], vec![0.1, 1.0]],
            chance: vec![0.5, 0.1],
        };
        assert_eq!(truth.above_chance(), [[0.5, 0.0], [0.0, 1.0]]);
        assert_eq!(mean([1.0, 2.0].into_iter()), Some(1.5));
        assert_eq!(mean(std::iter::empty()), None);
    }
}
