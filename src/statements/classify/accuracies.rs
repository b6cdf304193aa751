//! Accuracies of class heads, group by group, and the table they make.

use polars::prelude::Column;

use crate::desk::classes::judging::share;
use crate::desk::tables::columns::{numbers, texts, whole};
use crate::desk::units::random_components::mean_and_sd;

/// Accuracies of one head, in groups and over them.
pub(super) struct Judged {
    groups: Vec<f64>,
    images: Vec<u64>,
    all: f64,
}

impl Judged {
    /// From images and those told right, by group.
    pub fn of(tally: &[(u64, u64)]) -> Self {
        let sum = |sum: (u64, u64), own: &(u64, u64)| (sum.0 + own.0, sum.1 + own.1);
        Self {
            all: share(tally.iter().fold((0, 0), sum)),
            groups: tally.iter().map(|own| share(*own)).collect(),
            images: tally.iter().map(|own| own.0).collect(),
        }
    }

    /// Over all images, the mean of groups, the worst, then every group that has images.
    fn rows(&self) -> Vec<f64> {
        let there: Vec<f64> = (self.groups.iter().zip(&self.images))
            .filter(|(_, images)| **images > 0)
            .map(|(accuracy, _)| *accuracy)
            .collect();
        let mean = there.iter().sum::<f64>() / there.len().max(1) as f64;
        let worst = there.iter().copied().fold(f64::INFINITY, f64::min);
        [self.all, mean, worst].into_iter().chain(there).collect()
    }
}

/// A head's name and its accuracies: whole, and where something is ablated without that, then without as many random
/// components, draw by draw.
pub(super) type OfHead = (&'static str, Vec<Judged>);

/// The table: for every head a row for all images, for the groups' mean, the worst, and each group.
pub(super) fn columns(heads: &[OfHead], groups: &[String], ablated: bool) -> Vec<Column> {
    let (mut head, mut group, mut images) = (Vec::new(), Vec::new(), Vec::new());
    let (mut before, mut after, mut random, mut sd) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, variants) in heads {
        let whole = &variants[0];
        let rows: Vec<Vec<f64>> = variants.iter().map(Judged::rows).collect();
        let there = (groups.iter().zip(&whole.images)).filter(|(_, images)| **images > 0);
        group.extend(["all images", "mean of groups", "worst group"].map(str::to_owned));
        images.extend([Some(whole.images.iter().sum::<u64>() as u32), None, None]);
        for (own, count) in there {
            group.push(own.clone());
            images.push(Some(*count as u32));
        }
        head.extend(std::iter::repeat_n(*name, rows[0].len()));
        before.extend(rows[0].iter().copied());
        if ablated {
            after.extend(rows[1].iter().copied());
            for row in 0..rows[0].len() {
                let draws: Vec<f64> = rows[2..].iter().map(|rows| rows[row]).collect();
                let (mean, spread) = mean_and_sd(&draws);
                random.push(mean);
                sd.push(spread);
            }
        }
    }
    let mut columns = vec![
        texts("head", head),
        texts("group", group),
        whole("images", images),
    ];
    if ablated {
        columns.extend([
            numbers("before", before),
            numbers("after", after),
            numbers("random", random),
            numbers("random sd", sd),
        ]);
    } else {
        columns.push(numbers("accuracy", before));
    }
    columns
}
