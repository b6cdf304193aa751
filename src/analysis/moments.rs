//! Sufficient statistics: what a ranking needs to know about a set of images, in a size that does not grow with it.
//!
//! Per component the mean of its row and two blocks of second moments, with itself and with the aligned total. Any
//! score that is a function of variances and covariances of projections follows from them for any texts. All sums are
//! f64, centred chunk by chunk and merged by Chan's update, so shards computed anywhere merge to what one run gives.

use candle_core::Tensor;
use rayon::prelude::*;

use super::error::AnalysisError;
use crate::align::Aligned;
use crate::contributions::{Contributions, Keep, read_kept};
use crate::decompose::Rows;
use crate::files::buffer::Buffer;
use crate::linalg::{add_scaled, matrix, product, transposed_product, values, widen};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Images whose rows are widened to f64 at a time.
const CHUNK: usize = 512;

/// Statistics of one component's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentMoments {
    /// Mean row, `[d]`.
    pub mean: Vec<f64>,
    /// Σ (row − mean)ᵀ (row − mean), `[d, d]`.
    pub second: Buffer<f64>,
    /// Σ (row − mean)ᵀ (total − mean total), `[d, K]`.
    pub cross: Buffer<f64>,
}

/// Statistics of a set of images under one alignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Images.
    pub n: u64,
    /// Mean aligned total, `[K]`.
    pub total_mean: Vec<f64>,
    /// Σ (total − mean)ᵀ (total − mean), `[K, K]`.
    pub total_second: Vec<f64>,
    /// One per component.
    pub components: Vec<ComponentMoments>,
}

/// Moments that do not belong together, or tensors that are not moments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentsError {
    /// Different components or widths.
    #[error(
        "these moments were taken over other components or another embedding width; gather them again"
    )]
    Mismatch,
    /// A tensor is missing or has another shape.
    #[error("the moments hold no tensor “{name}” of shape {shape:?}; gather them again")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// The shape it should have.
        shape: Vec<usize>,
    },
}

/// A named f64 tensor: name, shape, row-major values.
pub type NamedTensor = (String, Vec<usize>, Vec<f64>);

/// Gives the shape and values of the tensor of a name, where there is one.
pub type FindTensor<'a> = &'a dyn Fn(&str) -> Option<(Vec<usize>, Buffer<f64>)>;

impl Moments {
    /// Moments of no image, for rows of the given widths and totals of width `dim`.
    #[must_use]
    pub fn empty(widths: &[usize], dim: usize) -> Self {
        let component = |&d: &usize| ComponentMoments {
            mean: vec![0.0; d],
            second: vec![0.0; d * d].into(),
            cross: vec![0.0; d * dim].into(),
        };
        Self {
            n: 0,
            total_mean: vec![0.0; dim],
            total_second: vec![0.0; dim * dim],
            components: widths.iter().map(component).collect(),
        }
    }

    /// Adds the images of `other`, taken over other images of the same model under the same alignment.
    ///
    /// # Errors
    /// [`MomentsError::Mismatch`] when the shapes differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MomentsError> {
        let shapes = |m: &Self| -> Vec<usize> {
            let widths = m.components.iter().map(|c| c.mean.len());
            widths.chain([m.total_mean.len()]).collect()
        };
        if shapes(self) != shapes(other) {
            return Err(MomentsError::Mismatch);
        }
        let weights = Weights::new(self.n, other.n);
        let total_gap = gap(&self.total_mean, &other.total_mean);
        for (mine, theirs) in self.components.iter_mut().zip(&other.components) {
            mine.merge(theirs, &total_gap, &weights);
        }
        add_scaled(&mut self.total_second, 1.0, &other.total_second);
        add_outer(
            &mut self.total_second,
            weights.between,
            &total_gap,
            &total_gap,
        );
        add_scaled(&mut self.total_mean, weights.share, &total_gap);
        self.n += other.n;
        Ok(())
    }

    /// Adds the totals `[n, K]` of further images, and nothing of their components; gives the totals centred, and the
    /// gap between their mean and the mean so far.
    pub(super) fn add_totals(&mut self, mut totals: Vec<f64>) -> (Tensor, Vec<f64>) {
        let k = self.total_mean.len();
        let count = totals.len() / k;
        let mean = centre(&mut totals, k);
        let totals = matrix(totals, count, k);
        let weights = Weights::new(self.n, count as u64);
        let gap = gap(&self.total_mean, &mean);
        let second: Vec<f64> = values(&transposed_product(&totals, &totals));
        add_scaled(&mut self.total_second, 1.0, &second);
        add_outer(&mut self.total_second, weights.between, &gap, &gap);
        add_scaled(&mut self.total_mean, weights.share, &gap);
        self.n += count as u64;
        (totals, gap)
    }

    /// The moments as named tensors, `names` being the components' (`head 5.2`): what a store writes.
    #[must_use]
    pub fn to_tensors(&self, names: &[String]) -> Vec<NamedTensor> {
        let k = self.total_mean.len();
        let mut tensors = vec![
            ("images".to_owned(), vec![1], vec![self.n as f64]),
            ("total.mean".to_owned(), vec![k], self.total_mean.clone()),
            (
                "total.second".to_owned(),
                vec![k, k],
                self.total_second.clone(),
            ),
        ];
        for (name, component) in names.iter().zip(&self.components) {
            let d = component.mean.len();
            tensors.push((format!("{name}.mean"), vec![d], component.mean.clone()));
            tensors.push((
                format!("{name}.second"),
                vec![d, d],
                component.second.clone().into(),
            ));
            tensors.push((
                format!("{name}.cross"),
                vec![d, k],
                component.cross.clone().into(),
            ));
        }
        tensors
    }

    /// Reads what [`Self::to_tensors`] wrote, for components of these names and widths.
    ///
    /// # Errors
    /// [`MomentsError::Tensor`] names the first tensor that is missing or has another shape.
    pub fn from_tensors(
        names: &[String],
        widths: &[usize],
        dim: usize,
        find: FindTensor<'_>,
    ) -> Result<Self, MomentsError> {
        let take = |name: String, shape: Vec<usize>| match find(&name) {
            Some((found, values))
                if found == shape && values.len() == shape.iter().product::<usize>() =>
            {
                Ok(values)
            }
            _ => Err(MomentsError::Tensor { name, shape }),
        };
        let component = |(name, &d): (&String, &usize)| {
            Ok(ComponentMoments {
                mean: take(format!("{name}.mean"), vec![d])?.into(),
                second: take(format!("{name}.second"), vec![d, d])?,
                cross: take(format!("{name}.cross"), vec![d, dim])?,
            })
        };
        Ok(Self {
            n: take("images".to_owned(), vec![1])?[0] as u64,
            total_mean: take("total.mean".to_owned(), vec![dim])?.into(),
            total_second: take("total.second".to_owned(), vec![dim, dim])?.into(),
            components: names
                .iter()
                .zip(widths)
                .map(component)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl ComponentMoments {
    fn merge(&mut self, other: &Self, total_gap: &[f64], weights: &Weights) {
        let row_gap = gap(&self.mean, &other.mean);
        add_scaled(&mut self.second, 1.0, &other.second);
        add_outer(&mut self.second, weights.between, &row_gap, &row_gap);
        add_scaled(&mut self.cross, 1.0, &other.cross);
        add_outer(&mut self.cross, weights.between, &row_gap, total_gap);
        add_scaled(&mut self.mean, weights.share, &row_gap);
    }
}

/// Chan, Golub and LeVeque's weights for joining `a` and `b` observations: the gap between their means counts
/// a·b/(a+b) times in the second moment, and moves the mean by its share b/(a+b).
pub(super) struct Weights {
    pub between: f64,
    pub share: f64,
}

impl Weights {
    pub(super) fn new(a: u64, b: u64) -> Self {
        let (a, b) = (a as f64, b as f64);
        let all = (a + b).max(1.0);
        Self {
            between: a * b / all,
            share: b / all,
        }
    }
}

/// `theirs − mine`.
pub(super) fn gap(mine: &[f64], theirs: &[f64]) -> Vec<f64> {
    theirs.iter().zip(mine).map(|(t, m)| t - m).collect()
}

/// `matrix += scale · a bᵀ`.
fn add_outer(matrix: &mut [f64], scale: f64, a: &[f64], b: &[f64]) {
    if scale == 0.0 {
        return;
    }
    for (row, v) in matrix.chunks_exact_mut(b.len()).zip(a) {
        add_scaled(row, scale * v, b);
    }
}

/// Gathers the moments of the images that take part, reading every part once.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub fn gather_moments(
    contributions: &dyn Contributions,
    aligned: &Aligned,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Moments, AnalysisError> {
    let into: Vec<_> = (aligned.maps.iter().zip(&aligned.widths))
        .map(|(map, &d)| matrix(widen(map), d, aligned.dim))
        .collect();
    let mut all = Moments::empty(&aligned.widths, aligned.dim);
    progress.start("moments", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = read_kept(contributions, part, None, keep)?;
        for start in (0..rows.len()).step_by(CHUNK) {
            cancel.check()?;
            let end = (start + CHUNK).min(rows.len());
            add_chunk(&mut all, &rows, start..end, aligned, &into);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    Ok(all)
}

/// Adds the images `range` of a part.
fn add_chunk(
    all: &mut Moments,
    rows: &Rows,
    range: std::ops::Range<usize>,
    aligned: &Aligned,
    into: &[Tensor],
) {
    let count = range.len();
    let slab = |i: usize| {
        let d = aligned.widths[i];
        widen(&rows.slabs[i][range.start * d..range.end * d])
    };
    let mut totals = widen(&aligned.bias).repeat(count);
    for (i, map) in into.iter().enumerate() {
        let share = product(&matrix(slab(i), count, aligned.widths[i]), map);
        add_scaled(&mut totals, 1.0, &values::<f64>(&share));
    }
    let weights = Weights::new(all.n, count as u64);
    let (totals, total_gap) = all.add_totals(totals);

    all.components
        .par_iter_mut()
        .enumerate()
        .for_each(|(i, component)| {
            let d = aligned.widths[i];
            let mut centred = slab(i);
            let mean = centre(&mut centred, d);
            let centred = matrix(centred, count, d);
            let chunk = ComponentMoments {
                mean,
                second: values::<f64>(&transposed_product(&centred, &centred)).into(),
                cross: values::<f64>(&transposed_product(&centred, &totals)).into(),
            };
            component.merge(&chunk, &total_gap, &weights);
        });
}

/// Subtracts the column means from `[n, cols]` values and gives them.
///
/// The means are taken around the first row, and the rows are shifted by it first: a column that does not vary is then
/// exactly zero, however large its value.
pub(super) fn centre(rows: &mut [f64], cols: usize) -> Vec<f64> {
    let count = (rows.len() / cols.max(1)) as f64;
    let first = rows[..cols].to_vec();
    let mut mean = vec![0.0; cols];
    for row in rows.chunks_exact_mut(cols) {
        add_scaled(row, -1.0, &first);
        add_scaled(&mut mean, 1.0 / count, row);
    }
    for row in rows.chunks_exact_mut(cols) {
        add_scaled(row, -1.0, &mean);
    }
    add_scaled(&mut mean, 1.0, &first);
    mean
}
