//! Projections of aligned contributions on directions of CLIP's space: per image row_i · u with u = U_i q, computed
//! once per query, so that an image costs d_i multiplications per direction and no K-wide vector is ever made.

use std::ops::Range;

use rayon::prelude::*;

use super::error::AnalysisError;
use crate::align::Aligned;
use crate::contributions::{Contributions, Keep, read_kept};
use crate::decompose::Rows;
use crate::kernels::projections;
use crate::linalg::{add_scaled, dot, widen};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Images whose projections are held at a time.
pub(super) const CHUNK: usize = 1024;

/// Directions pulled back to the rows of every component.
pub struct Projector {
    widths: Vec<usize>,
    directions: usize,
    /// u `[d_i, directions]` per component, row-major.
    pulled: Vec<Vec<f64>>,
    /// ‖u‖ per component and direction.
    lengths: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

impl Projector {
    /// For directions `[m, K]`, row-major.
    #[must_use]
    pub fn new(aligned: &Aligned, directions: &[f64]) -> Self {
        let dim = aligned.dim;
        let count = directions.len() / dim;
        let axes = transposed(directions, dim);
        let pulled: Vec<Vec<f64>> = (aligned.maps.par_iter())
            .map(|map| projections(map, &axes, count))
            .collect();
        let bias = widen(&aligned.bias);
        Self {
            lengths: pulled.iter().map(|u| column_lengths(u, count)).collect(),
            widths: aligned.widths.clone(),
            directions: count,
            pulled,
            bias: directions
                .chunks_exact(dim)
                .map(|q| dot(q, &bias))
                .collect(),
        }
    }

    /// For every coordinate of CLIP's space: projections are the aligned contributions themselves.
    #[must_use]
    pub fn everything(aligned: &Aligned) -> Self {
        let k = aligned.dim;
        let mut identity = vec![0.0; k * k];
        (0..k).for_each(|i| identity[i * k + i] = 1.0);
        Self::new(aligned, &identity)
    }

    /// How many directions there are, `m`.
    #[must_use]
    pub fn directions(&self) -> usize {
        self.directions
    }

    /// Projections of the alignment's bias, `[m]`: they belong to the total, not to any component.
    #[must_use]
    pub fn bias(&self) -> &[f64] {
        &self.bias
    }

    /// u `[d, m]` of component `component`, row-major.
    #[must_use]
    pub fn pulled_back(&self, component: usize) -> &[f64] {
        &self.pulled[component]
    }

    /// ‖u‖ per direction of component `component`: an image's projection is at most this times its row's length.
    #[must_use]
    pub fn lengths(&self, component: usize) -> &[f64] {
        &self.lengths[component]
    }

    /// Projections `[n, m]` of the images `range`, for one component whose slab is given.
    #[must_use]
    pub fn project(&self, component: usize, slab: &[f32], range: Range<usize>) -> Vec<f64> {
        let d = self.widths[component];
        let rows = &slab[range.start * d..range.end * d];
        projections(rows, &self.pulled[component], self.directions)
    }

    /// Projections `[n, m]` of the images `range`, component by component; `components` says which component each
    /// slab of `rows` belongs to.
    #[must_use]
    pub fn project_all(
        &self,
        rows: &Rows,
        components: &[usize],
        range: Range<usize>,
    ) -> Vec<Vec<f64>> {
        (components.par_iter().zip(&rows.slabs))
            .map(|(&i, slab)| self.project(i, slab, range.clone()))
            .collect()
    }
}

/// `[n, cols]` values as `[cols, n]`.
pub(super) fn transposed(values: &[f64], cols: usize) -> Vec<f64> {
    let column = |col: usize| values.iter().skip(col).step_by(cols);
    (0..cols).flat_map(column).copied().collect()
}

fn column_lengths(columns: &[f64], count: usize) -> Vec<f64> {
    let mut squares = vec![0.0; count];
    for row in columns.chunks_exact(count.max(1)) {
        squares.iter_mut().zip(row).for_each(|(s, v)| *s += v * v);
    }
    squares.into_iter().map(f64::sqrt).collect()
}

/// Streams a unit's projections: for every chunk of images that take part, their ids and the projections `[n, m]` of
/// the sum of the unit's components. Only the unit's slabs are read.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub fn project_unit(
    contributions: &dyn Contributions,
    projector: &Projector,
    components: &[usize],
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
    visit: &mut dyn FnMut(&[u32], &[f64]),
) -> Result<(), AnalysisError> {
    progress.start("projections", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = read_kept(contributions, part, Some(components), keep)?;
        for start in (0..rows.len()).step_by(CHUNK) {
            cancel.check()?;
            let end = (start + CHUNK).min(rows.len());
            let mut sum = vec![0.0; (end - start) * projector.directions()];
            for share in projector.project_all(&rows, components, start..end) {
                add_scaled(&mut sum, 1.0, &share);
            }
            visit(&rows.ids[start..end], &sum);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    Ok(())
}
