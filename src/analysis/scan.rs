//! Scores by reading images: for groups of components, filtered sets and rank correlations.
//!
//! One pass keeps, per unit and axis, a mean and two centred sums in f64 (Chan's update, chunk by chunk). Spearman's
//! correlation needs the projections themselves: the total's come from that pass, the units' from [`rank_correlation`](super::rank_correlation).

use super::error::AnalysisError;
use super::group::Group;
use super::moments::{Weights, centre, gap};
use super::projection::{CHUNK, Projector};
use super::rank_correlation::rank_correlations;
use super::score::{AxisMoments, total_size};
use super::score_kind::ScoreKind;
use super::text_basis::TextBasis;
use crate::align::Aligned;
use crate::contributions::{Contributions, Keep, read_kept};
use crate::decompose::Rows;
use crate::linalg::{add_scaled, dot, widen};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

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
    units: &[Group],
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
        total: (kind == ScoreKind::Spearman).then(Vec::new),
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
    let by_rank = match scan.total.take() {
        Some(total) => Some(rank_correlations(
            contributions,
            &scan.projector,
            units,
            &total,
            keep,
            cancel,
            progress,
        )?),
        None => None,
    };
    Ok(scan.finish(features, kind, by_rank.as_deref()))
}

struct Scan<'a> {
    units: &'a [Group],
    projector: Projector,
    whole: Option<Projector>,
    sums: Sums,
    /// The total's projections of every image, `[n, axes]`, where ranks are asked for.
    total: Option<Vec<f32>>,
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
        if let Some(kept) = &mut self.total {
            kept.extend(total.iter().map(|&v| v as f32));
        }
        let total_mean = centre(&mut total, axes);
        let total_gap = self.sums.total.add(&total, &total_mean, &weights);
        for (u, unit) in self.units.iter().enumerate() {
            let mut sum = sum_of(unit, &shares, range.len() * axes);
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

    /// The scores; `by_rank` are correlations of ranks by unit and axis.
    fn finish(
        self,
        features: &[TextBasis],
        kind: ScoreKind,
        by_rank: Option<&[Vec<f64>]>,
    ) -> ScanResult {
        let n = self.sums.n;
        let sizes: Vec<Vec<f64>> = (self.sums.row_squares.iter().enumerate())
            .map(|(i, squares)| {
                let rms = (squares / n as f64).sqrt();
                self.projector.lengths(i).iter().map(|u| u * rms).collect()
            })
            .collect();
        let total_size = total_size(&sizes, self.projector.bias());
        let scores = (self.units.iter().enumerate()).map(|(u, unit)| {
            let mut size = vec![0.0; self.projector.directions()];
            for &i in &unit.components {
                add_scaled(&mut size, 1.0, &sizes[i]);
            }
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
                match by_rank {
                    Some(by_rank) => mean_where_varying(&moments, &by_rank[u][on]),
                    None => moments.score(kind),
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

/// The sum of the shares `[len]` of a unit's components, by component.
pub(super) fn sum_of(unit: &Group, shares: &[Vec<f64>], len: usize) -> Vec<f64> {
    let mut sum = vec![0.0; len];
    for &i in &unit.components {
        add_scaled(&mut sum, 1.0, &shares[i]);
    }
    sum
}

/// Mean over axes of correlations of ranks; axes along which nothing but rounding varies count 0.
fn mean_where_varying(moments: &AxisMoments<'_>, by_axis: &[f64]) -> f64 {
    let varying = (0..by_axis.len()).filter(|&a| moments.varies(a));
    varying.map(|a| by_axis[a]).sum::<f64>() / by_axis.len().max(1) as f64
}
