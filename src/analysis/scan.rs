//! Scores by reading images: for groups of components, filtered sets and rank correlations.
//!
//! One pass keeps, per unit and axis, a mean and two centred sums in f64 (Chan's update, chunk by chunk). Spearman's
//! correlation keeps the projections themselves, one f32 per image, unit and axis.

use super::moments::{Weights, centre, gap};
use super::projection::{CHUNK, Projector};
use super::score::{AxisMoments, ScoreKind, total_size};
use super::{AnalysisError, TextBasis, Unit};
use crate::align::Aligned;
use crate::cancel::Cancel;
use crate::contributions::{Contributions, Keep, read_kept};
use crate::decompose::Rows;
use crate::linalg::{add_scaled, dot, widen};
use crate::progress::Progress;

/// Scores of units for features, taken over images.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanResult {
    /// Images that took part.
    pub images: u64,
    /// Score of each unit (outer) for each feature (inner).
    pub scores: Vec<Vec<f64>>,
}

/// Scores units for features over the images that take part, in one pass over all components (the total needs them).
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read, fewer than two images take part, or the work is cancelled.
#[expect(
    clippy::too_many_arguments,
    reason = "what is read, what is asked, who listens"
)]
pub fn scan_scores(
    contributions: &dyn Contributions,
    aligned: &Aligned,
    units: &[Unit],
    features: &[TextBasis],
    kind: ScoreKind,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<ScanResult, AnalysisError> {
    let axes: Vec<f64> = features.iter().flat_map(|f| f.axes.clone()).collect();
    let mut scan = Scan {
        units,
        projector: Projector::new(aligned, &axes),
        whole: (kind == ScoreKind::VarianceShare).then(|| Projector::everything(aligned)),
        sums: Sums::new(units.len(), aligned, axes.len() / aligned.dim.max(1)),
        kept: (kind == ScoreKind::Spearman).then(|| vec![Vec::new(); units.len() + 1]),
    };
    progress.start("scores", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = read_kept(contributions, part, None, keep)?;
        for start in (0..rows.len()).step_by(CHUNK) {
            cancel.check()?;
            scan.add(&rows, start..(start + CHUNK).min(rows.len()), aligned);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    if scan.sums.n < 2 {
        return Err(AnalysisError::TooFewImages(scan.sums.n));
    }
    Ok(scan.finish(features, kind))
}

struct Scan<'a> {
    units: &'a [Unit],
    projector: Projector,
    whole: Option<Projector>,
    sums: Sums,
    /// Projections of every image, `[n, axes]`: per unit, then the total's.
    kept: Option<Vec<Vec<f32>>>,
}

/// Centred sums over the images so far.
struct Sums {
    n: u64,
    total: Series,
    units: Vec<Series>,
    /// Σ s t per unit, `[axes]`.
    cross: Vec<Vec<f64>>,
    /// Per unit, over all of CLIP's coordinates.
    whole: Vec<Series>,
    /// Σ ‖row‖² per component.
    row_squares: Vec<f64>,
}

/// Means and centred sums of squares of some columns.
#[derive(Clone)]
struct Series {
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Series {
    fn new(columns: usize) -> Self {
        Self {
            mean: vec![0.0; columns],
            square: vec![0.0; columns],
        }
    }

    /// Adds rows that [`centre`] has centred, `mean` being what it took off; gives the gap between the means.
    fn add(&mut self, centred: &[f64], mean: &[f64], weights: &Weights) -> Vec<f64> {
        let gap = gap(&self.mean, mean);
        for row in centred.chunks_exact(mean.len()) {
            self.square
                .iter_mut()
                .zip(row)
                .for_each(|(s, v)| *s += v * v);
        }
        for (square, gap) in self.square.iter_mut().zip(&gap) {
            *square += weights.between * gap * gap;
        }
        add_scaled(&mut self.mean, weights.share, &gap);
        gap
    }
}

impl Sums {
    fn new(units: usize, aligned: &Aligned, axes: usize) -> Self {
        Self {
            n: 0,
            total: Series::new(axes),
            units: vec![Series::new(axes); units],
            cross: vec![vec![0.0; axes]; units],
            whole: vec![Series::new(aligned.dim); units],
            row_squares: vec![0.0; aligned.maps.len()],
        }
    }
}

impl Scan<'_> {
    /// Adds the images `range` of a part.
    fn add(&mut self, rows: &Rows, range: std::ops::Range<usize>, aligned: &Aligned) {
        let axes = self.projector.directions();
        if axes == 0 {
            self.sums.n += range.len() as u64;
            return;
        }
        let components: Vec<usize> = (0..aligned.maps.len()).collect();
        let shares = self.projector.project_all(rows, &components, range.clone());
        let mut total = self.projector.bias().repeat(range.len());
        shares
            .iter()
            .for_each(|share| add_scaled(&mut total, 1.0, share));
        let weights = Weights::new(self.sums.n, range.len() as u64);
        self.keep(self.units.len(), &total);
        let total_mean = centre(&mut total, axes);
        let total_gap = self.sums.total.add(&total, &total_mean, &weights);
        for (u, unit) in self.units.iter().enumerate() {
            let mut sum = sum_of(unit, &shares, range.len() * axes);
            self.keep(u, &sum);
            let mean = centre(&mut sum, axes);
            let gap = self.sums.units[u].add(&sum, &mean, &weights);
            let cross = &mut self.sums.cross[u];
            for (s, t) in sum.chunks_exact(axes).zip(total.chunks_exact(axes)) {
                (0..axes).for_each(|a| cross[a] += s[a] * t[a]);
            }
            (0..axes).for_each(|a| cross[a] += weights.between * gap[a] * total_gap[a]);
        }
        if let Some(whole) = &self.whole {
            let shares = whole.project_all(rows, &components, range.clone());
            for (unit, series) in self.units.iter().zip(&mut self.sums.whole) {
                let mut sum = sum_of(unit, &shares, range.len() * aligned.dim);
                let mean = centre(&mut sum, aligned.dim);
                series.add(&sum, &mean, &weights);
            }
        }
        for ((sum, slab), &d) in self
            .sums
            .row_squares
            .iter_mut()
            .zip(&rows.slabs)
            .zip(&aligned.widths)
        {
            let row = widen(&slab[range.start * d..range.end * d]);
            *sum += dot(&row, &row);
        }
        self.sums.n += range.len() as u64;
    }

    fn keep(&mut self, series: usize, projections: &[f64]) {
        if let Some(kept) = &mut self.kept {
            kept[series].extend(projections.iter().map(|&v| v as f32));
        }
    }

    fn finish(self, features: &[TextBasis], kind: ScoreKind) -> ScanResult {
        let n = self.sums.n;
        let sizes: Vec<Vec<f64>> = (self.sums.row_squares.iter().enumerate())
            .map(|(i, squares)| {
                let rms = (squares / n as f64).sqrt();
                self.projector.lengths(i).iter().map(|u| u * rms).collect()
            })
            .collect();
        let axes = self.projector.directions();
        let total_size = total_size(&sizes, self.projector.bias());
        let ranks = |series: usize| -> Option<Vec<Vec<f64>>> {
            let kept = &self.kept.as_ref()?[series];
            Some((0..axes).map(|a| centred_ranks(kept, axes, a)).collect())
        };
        let total_ranks = ranks(self.units.len());
        let scores = (self.units.iter().enumerate()).map(|(u, unit)| {
            let mut size = vec![0.0; axes];
            for &i in &unit.components {
                add_scaled(&mut size, 1.0, &sizes[i]);
            }
            let unit_ranks = ranks(u);
            let mut first = 0;
            let mut of_feature = |feature: &TextBasis| {
                let on = first..first + feature.len();
                first = on.end;
                let moments = AxisMoments {
                    n,
                    variance: &self.sums.units[u].square[on.clone()],
                    covariance: &self.sums.cross[u][on.clone()],
                    total: &self.sums.total.square[on.clone()],
                    size: &size[on.clone()],
                    total_size: &total_size[on.clone()],
                    whole: self.sums.whole[u].square.iter().sum(),
                };
                match (&unit_ranks, &total_ranks) {
                    (Some(unit), Some(total)) => {
                        rank_correlation(&moments, &unit[on.clone()], &total[on])
                    }
                    _ => moments.score(kind),
                }
            };
            features.iter().map(&mut of_feature).collect()
        });
        ScanResult {
            images: n,
            scores: scores.collect(),
        }
    }
}

fn sum_of(unit: &Unit, shares: &[Vec<f64>], len: usize) -> Vec<f64> {
    let mut sum = vec![0.0; len];
    for &i in &unit.components {
        add_scaled(&mut sum, 1.0, &shares[i]);
    }
    sum
}

/// Mean over axes of the correlation of ranks; axes along which nothing but rounding varies count 0.
fn rank_correlation(moments: &AxisMoments<'_>, unit: &[Vec<f64>], total: &[Vec<f64>]) -> f64 {
    let per_axis = (0..unit.len()).filter(|&a| moments.varies(a)).map(|a| {
        let spread = dot(&unit[a], &unit[a]) * dot(&total[a], &total[a]);
        if spread > 0.0 {
            dot(&unit[a], &total[a]) / spread.sqrt()
        } else {
            0.0
        }
    });
    per_axis.sum::<f64>() / unit.len().max(1) as f64
}

/// Ranks of one column of `[n, cols]` values, ties sharing the mean of theirs, minus the mean rank.
fn centred_ranks(values: &[f32], cols: usize, col: usize) -> Vec<f64> {
    let column: Vec<f32> = values.iter().skip(col).step_by(cols).copied().collect();
    let n = column.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| column[i].total_cmp(&column[j]));
    let mut ranks = vec![0.0; n];
    let mut start = 0;
    while start < n {
        let tied = order[start..]
            .iter()
            .take_while(|&&i| column[i] == column[order[start]])
            .count()
            .max(1);
        let rank = (2 * start + tied - 1) as f64 / 2.0 - (n - 1) as f64 / 2.0;
        order[start..start + tied]
            .iter()
            .for_each(|&i| ranks[i] = rank);
        start += tied;
    }
    ranks
}
