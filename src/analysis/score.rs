//! Scores: how much of a feature a unit carries, from second moments of projections on the feature's axes.
//!
//! Everything here is a function of [`AxisMoments`]; they come from stored moments (single components, no images read,
//! [`scores_from_moments`]) or from a scan over images ([`super::scan_scores`]), which also takes groups of components.

use rayon::prelude::*;

use super::error::AnalysisError;
use super::moments::{ComponentMoments, Moments};
use super::projection::{Projector, transposed};
use super::score_kind::ScoreKind;
use super::text_basis::TextBasis;
use crate::align::Aligned;
use crate::kernels::projections;
use crate::linalg::{dot, matrix, matrix_of, product, values, widen};

/// Standard deviations below this share of a projection's possible size count as none.
///
/// A projection row · u is a sum of f32 products; rounding moves it by about 1e-7 of ‖row‖ ‖u‖ from image to image
/// even where the component is constant. What varies by less than ten times that is noise, and a correlation of noise
/// is not a score.
const CONSTANT: f64 = 1e-6;

/// Second moments of a unit's projections s and the total's t on the axes of one feature; sums over images, centred.
pub(super) struct AxisMoments<'a> {
    /// Images.
    pub n: u64,
    /// Σ s², per axis.
    pub variance: &'a [f64],
    /// Σ s t, per axis.
    pub covariance: &'a [f64],
    /// Σ t², per axis.
    pub total: &'a [f64],
    /// The largest root mean square that s could have, per axis: Σ_i ‖u_i‖ · rms ‖row_i‖ over the unit's components.
    pub size: &'a [f64],
    /// The same for t.
    pub total_size: &'a [f64],
    /// Σ over images of the unit's squared deviation in all of CLIP's space.
    pub whole: f64,
}

impl AxisMoments<'_> {
    /// Whether the unit varies along an axis at all.
    pub(super) fn varies(&self, axis: usize) -> bool {
        varies(self.variance[axis], self.size[axis], self.n)
            && varies(self.total[axis], self.total_size[axis], self.n)
    }

    /// The score; 0 where nothing varies, never NaN.
    pub(super) fn score(&self, kind: ScoreKind) -> f64 {
        let axes = self.variance.len();
        let varying: Vec<usize> = (0..axes).filter(|&a| self.varies(a)).collect();
        if varying.is_empty() {
            return 0.0;
        }
        let sum = |of: &[f64]| varying.iter().map(|&a| of[a]).sum::<f64>();
        let per_axis = |a: usize| self.covariance[a] / (self.variance[a] * self.total[a]).sqrt();
        let correlation = || {
            varying
                .iter()
                .map(|&a| per_axis(a).clamp(-1.0, 1.0))
                .sum::<f64>()
                / axes as f64
        };
        match kind {
            ScoreKind::Correlation | ScoreKind::Spearman => correlation(),
            ScoreKind::CorrelationAsReleased => {
                correlation() * (self.n as f64 - 1.0) / self.n as f64
            }
            ScoreKind::VarianceShare => (sum(self.variance) / self.whole).clamp(0.0, 1.0),
            ScoreKind::CovarianceShare => sum(self.covariance) / self.total.iter().sum::<f64>(),
            ScoreKind::TraceCorrelation => {
                let spread = self.variance.iter().sum::<f64>() * self.total.iter().sum::<f64>();
                (sum(self.covariance) / spread.sqrt()).clamp(-1.0, 1.0)
            }
        }
    }
}

/// Whether Σ of squared deviations over `n` images exceeds rounding noise of values up to `size`.
fn varies(square: f64, size: f64, n: u64) -> bool {
    square > n as f64 * (CONSTANT * size) * (CONSTANT * size)
}

/// Scores of every single component (inner) for each feature (outer), from moments alone: no image is read, and the moments
/// once for all features.
///
/// # Errors
/// [`AnalysisError::NeedsImages`] for Spearman's correlation, [`AnalysisError::TooFewImages`] below two images.
///
/// # Panics
/// When the moments were gathered under another model or alignment.
pub fn scores_from_moments(
    moments: &Moments,
    aligned: &Aligned,
    features: &[TextBasis],
    kind: ScoreKind,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    if kind == ScoreKind::Spearman {
        return Err(AnalysisError::NeedsImages(kind));
    }
    if moments.n < 2 {
        return Err(AnalysisError::TooFewImages(moments.n));
    }
    let rows: Vec<f64> = features.iter().flat_map(|f| f.axes.clone()).collect();
    let (k, m) = (aligned.dim, rows.len() / aligned.dim.max(1));
    if m == 0 {
        return Ok(vec![vec![0.0; aligned.maps.len()]; features.len()]);
    }
    assert_eq!(moments.components.len(), aligned.maps.len(), "one model");
    let projector = Projector::new(aligned, &rows);
    let axes = transposed(&rows, k);
    let total = column_dots(&axes, &projections(&moments.total_second, &axes, m), m);
    let sizes: Vec<Vec<f64>> = (0..aligned.maps.len())
        .map(|i| {
            let rms = moments.components[i].rms(moments.n);
            projector.lengths(i).iter().map(|u| u * rms).collect()
        })
        .collect();
    let total_size = total_size(&sizes, projector.bias());

    let of_component = |i: usize| -> Vec<f64> {
        let component = &moments.components[i];
        let d = component.mean.len();
        let pulled = projector.pulled_back(i);
        let variance = column_dots(pulled, &projections(&component.second, pulled, m), m);
        let covariance = column_dots(pulled, &projections(&component.cross, &axes, m), m);
        let whole = match kind {
            ScoreKind::VarianceShare => whole_variance(&component.second, &aligned.maps[i], d, k),
            _ => 0.0,
        };
        let mut first = 0;
        let of_feature = |feature: &TextBasis| {
            let on = first..first + feature.len();
            first = on.end;
            AxisMoments {
                n: moments.n,
                variance: &variance[on.clone()],
                covariance: &covariance[on.clone()],
                total: &total[on.clone()],
                size: &sizes[i][on.clone()],
                total_size: &total_size[on],
                whole,
            }
            .score(kind)
        };
        features.iter().map(of_feature).collect()
    };
    let by_component: Vec<Vec<f64>> = (0..aligned.maps.len())
        .into_par_iter()
        .map(of_component)
        .collect();
    let of_feature = |f: usize| by_component.iter().map(|scores| scores[f]).collect();
    Ok((0..features.len()).map(of_feature).collect())
}

/// As [`scores_from_moments`], for one feature.
///
/// # Errors
/// As there.
pub fn score_from_moments(
    moments: &Moments,
    aligned: &Aligned,
    basis: &TextBasis,
    kind: ScoreKind,
) -> Result<Vec<f64>, AnalysisError> {
    let scores = scores_from_moments(moments, aligned, std::slice::from_ref(basis), kind)?;
    Ok(scores.concat())
}

impl ComponentMoments {
    /// Root mean square length of the rows of `n` images.
    fn rms(&self, n: u64) -> f64 {
        let d = self.mean.len();
        let spread: f64 = (0..d).map(|i| self.second[i * d + i]).sum();
        (spread / n as f64 + dot(&self.mean, &self.mean)).sqrt()
    }
}

/// The total's size per axis: all components' and the bias'.
pub(super) fn total_size(sizes: &[Vec<f64>], bias: &[f64]) -> Vec<f64> {
    let mut all: Vec<f64> = bias.iter().map(|b| b.abs()).collect();
    for size in sizes {
        crate::linalg::add_scaled(&mut all, 1.0, size);
    }
    all
}

/// tr(Uᵀ Σ U): the variance of row · U over all of CLIP's space.
fn whole_variance(second: &[f64], map: &[f32], d: usize, k: usize) -> f64 {
    let map = matrix(widen(map), d, k);
    let carried = product(&matrix_of(second, d, d), &map);
    dot(&values::<f64>(&map), &values::<f64>(&carried))
}

/// Per column, the scalar product of two `[rows, m]` matrices.
fn column_dots(a: &[f64], b: &[f64], m: usize) -> Vec<f64> {
    let mut sums = vec![0.0; m];
    for (a, b) in a.chunks_exact(m.max(1)).zip(b.chunks_exact(m.max(1))) {
        for ((s, x), y) in sums.iter_mut().zip(a).zip(b) {
            *s += x * y;
        }
    }
    sums
}
