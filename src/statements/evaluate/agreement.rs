//! How scores of units agree with what a probe reads from them, and the tables that say so.

use polars::prelude::{Column, NamedFrom, Series};

use crate::analysis::spearman;
use crate::desk::tables::columns::{numbers, texts, unit_columns};
use crate::lang::catalog::ModelInfo;
use crate::lang::query::{Score, Unit};

/// Scores, `[feature][unit]`.
pub(super) type Scored = (Score, Vec<Vec<f64>>);

/// What a probe reads from every unit.
pub(super) struct Truth {
    /// `[feature][unit]`: balanced accuracy.
    pub read: Vec<Vec<f64>>,
    /// By feature: that of a guess.
    pub chance: Vec<f64>,
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

/// One feature: every unit with its scores and what a probe reads, the best probe first. `paper` says whether units are
/// called by the paper's names.
pub(super) fn by_unit(
    model: &ModelInfo,
    units: &[Unit],
    paper: bool,
    scores: &[Scored],
    truth: &Truth,
) -> Vec<Column> {
    let read = &truth.read[0];
    let mut order: Vec<usize> = (0..read.len()).collect();
    order.sort_by(|&a, &b| read[b].total_cmp(&read[a]));
    let units: Vec<Unit> = order.iter().map(|&unit| units[unit]).collect();
    let mut columns = unit_columns(model, &units, paper);
    columns.push(numbers("probe", order.iter().map(|&unit| read[unit])));
    columns.push(numbers("chance", order.iter().map(|_| truth.chance[0])));
    for (score, own) in scores {
        let values = order.iter().map(|&unit| own[0][unit]);
        columns.push(numbers(score.word(), values));
    }
    columns
}

/// Several features: a row each, then the mean between units and the one within units, as in the published table. `clip` is
/// what the first score is held against besides, where that is known.
pub(super) fn by_feature(
    mut features: Vec<String>,
    units: &[Unit],
    scores: &[Scored],
    truth: &Truth,
    clip: Option<&[Vec<f64>]>,
) -> Vec<Column> {
    features.extend(["mean between units", "mean within units"].map(str::to_owned));
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
        .map(|best| best.map(|unit| units[unit].to_string()));
    let best_read = best
        .iter()
        .zip(&truth.read)
        .map(|(best, read)| best.map(|unit| read[unit]));
    let mut columns = vec![
        texts("feature", features),
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
    columns.extend(clip.map(|clip| agreement("against clip", &scores[0].1, clip)));
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
