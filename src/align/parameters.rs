//! What is trained: of each component's map W_i, the part that its contributions can reach.
//!
//! A contribution is row · M with M `[d, D]`, so only the d directions in M's row space ever meet W_i. With D ≤ K the
//! rest of W_i drops out of the problem exactly: whatever the reached part A `[d, K]` is, the rest can be completed
//! with orthonormal rows perpendicular to A, and the penalty of the completed W_i is ‖AAᵀ − I_d‖² + (K − D), its
//! least possible value. Training A alone is therefore the same objective, for a head at d/D of the cost (64 of 768 in
//! ViT-B: a step of a whole fit does an eighth of the work). With D > K the completed penalty is no longer a smooth
//! function of A, so the whole W_i is trained.

use std::borrow::Cow;

use candle_core::Tensor;
use rayon::prelude::*;

use super::random::Random;
use crate::contributions::Contributions;
use crate::decompose::Rows;
use crate::linalg::{
    Reflections, matrix, matrix_of, narrow, product, transposed_product, values, widen,
};

/// How one component takes part.
enum Form {
    /// d < D ≤ K: row · L · A, where M = L · (the first d columns of Q)ᵀ and A holds the first d rows of QᵀW.
    Reached { lower: Tensor, basis: Reflections },
    /// d ≥ D: contribution · W; the contribution is no wider than the row.
    Whole,
    /// d < D, D > K: row · (M W), multiplied out at every step.
    Through,
}

/// The forms of all components, and the sizes that follow from them.
pub(super) struct Parameters<'a> {
    contributions: &'a dyn Contributions,
    forms: Vec<Form>,
    /// Columns each component has in the feature matrix.
    columns: Vec<usize>,
    /// Trained rows of each component, each of `width` numbers.
    rows: Vec<usize>,
    widths: Vec<usize>,
    dim: usize,
    width: usize,
}

impl<'a> Parameters<'a> {
    /// For maps from the representation's space to `width` dimensions.
    pub(super) fn new(contributions: &'a dyn Contributions, width: usize) -> Self {
        let dim = contributions.dim();
        let widths: Vec<usize> = contributions.specs().iter().map(|s| s.width).collect();
        let form = |(i, &d): (usize, &usize)| {
            if d >= dim {
                return Form::Whole;
            }
            if dim > width {
                return Form::Through;
            }
            let (basis, lower) = Reflections::of_rows(&widen(contributions.map(i)), dim);
            Form::Reached {
                lower: matrix_of(&narrow(&lower), d, d),
                basis,
            }
        };
        Self {
            contributions,
            forms: widths.par_iter().enumerate().map(form).collect(),
            columns: widths.iter().map(|&d| d.min(dim)).collect(),
            rows: widths
                .iter()
                .map(|&d| if dim > width { dim } else { d.min(dim) })
                .collect(),
            widths,
            dim,
            width,
        }
    }

    pub(super) fn components(&self) -> usize {
        self.forms.len()
    }

    /// Trained rows of component `i`.
    pub(super) fn rows(&self, i: usize) -> usize {
        self.rows[i]
    }

    /// Multiplications of a step on `images` images: for what the penalty is made of, and for everything else.
    pub(super) fn cost(&self, images: usize) -> (f64, f64) {
        let penalty = self.rows.iter().map(|&rows| rows * rows.min(self.width));
        let rest = self.features() * images;
        (penalty.sum::<usize>() as f64, rest as f64)
    }

    /// Columns of the feature matrix.
    pub(super) fn features(&self) -> usize {
        self.columns.iter().sum()
    }

    /// The map of component `i`, `[d, D]`: a copy for as long as a product takes.
    fn map(&self, i: usize) -> Tensor {
        matrix_of(self.contributions.map(i), self.widths[i], self.dim)
    }

    /// Appends the feature matrix `[B, features]` of some images: every component's row in the form it is trained in.
    pub(super) fn add_features(&self, rows: &Rows, all: &mut Vec<f32>) {
        let (count, features, before) = (rows.len(), self.features(), all.len());
        all.resize(before + count * features, 0.0);
        let mut start = 0;
        for (i, slab) in rows.slabs.iter().enumerate() {
            let columns = self.columns[i];
            let through = |map: &Tensor| {
                let multiplied = product(&matrix_of(slab, count, self.widths[i]), map);
                Cow::Owned(values(&multiplied))
            };
            let own: Cow<'_, [f32]> = match &self.forms[i] {
                Form::Through => Cow::Borrowed(slab),
                Form::Reached { lower, .. } => through(lower),
                Form::Whole => through(&self.map(i)),
            };
            let lines = all[before..].chunks_exact_mut(features);
            for (to, from) in lines.zip(own.chunks_exact(columns)) {
                to[start..start + columns].copy_from_slice(from);
            }
            start += columns;
        }
    }

    /// What is trained of component `i` when its map is `w` `[D, K]`.
    pub(super) fn reached_of(&self, i: usize, w: &[f64]) -> Vec<f32> {
        let mut w = w.to_vec();
        if let Form::Reached { basis, .. } = &self.forms[i] {
            basis.apply_transposed(&mut w);
        }
        narrow(&w[..self.rows[i] * self.width])
    }

    /// What is trained of component `i` when the entries of its map are drawn from N(0, 0.02²): a rotation of them
    /// has the same distribution.
    pub(super) fn gaussian(&self, i: usize, random: &mut Random) -> Vec<f32> {
        let count = self.rows[i] * self.width;
        (0..count)
            .map(|_| (0.02 * random.normal()) as f32)
            .collect()
    }

    /// What the feature matrix is multiplied with, `[features, K]`.
    pub(super) fn stacked(&self, trained: &[Vec<f32>]) -> Tensor {
        let mut all = Vec::with_capacity(self.features() * self.width);
        for (i, (form, values_i)) in self.forms.iter().zip(trained).enumerate() {
            match form {
                Form::Through => {
                    let w = matrix_of(values_i, self.rows[i], self.width);
                    all.extend(values::<f32>(&product(&self.map(i), &w)));
                }
                Form::Reached { .. } | Form::Whole => all.extend_from_slice(values_i),
            }
        }
        matrix(all, self.features(), self.width)
    }

    /// Splits the gradient of [`Self::stacked`] by component, and carries each share back to what is trained.
    pub(super) fn split<'g>(&self, gradient: &'g [f32]) -> Vec<&'g [f32]> {
        let mut rest = gradient;
        let mut shares = Vec::with_capacity(self.forms.len());
        for columns in &self.columns {
            let (share, after) = rest.split_at(columns * self.width);
            shares.push(share);
            rest = after;
        }
        shares
    }

    /// The gradient of what is trained of component `i`, from its share of the stacked gradient.
    pub(super) fn gradient(&self, i: usize, share: &[f32]) -> Vec<f32> {
        match &self.forms[i] {
            Form::Through => {
                let share = matrix_of(share, self.columns[i], self.width);
                values(&transposed_product(&self.map(i), &share))
            }
            Form::Reached { .. } | Form::Whole => share.to_vec(),
        }
    }

    /// What the completed map's ‖W_iᵀW_i − I‖² exceeds that of the trained rows by: their `K − d` becomes `K − D`.
    pub(super) fn excess(&self, i: usize) -> f64 {
        self.rows[i] as f64 - self.dim as f64
    }

    /// W_i `[D, K]` of component `i`: what was trained, completed with orthonormal rows where nothing reaches it.
    pub(super) fn to_map(&self, i: usize, trained: Vec<f32>) -> Vec<f32> {
        let Form::Reached { basis, .. } = &self.forms[i] else {
            return trained;
        };
        let mut w = widen(&trained);
        let (perpendicular, _) = Reflections::of_rows(&w, self.width);
        w.extend(perpendicular.complement(self.dim - self.rows[i]));
        basis.apply(&mut w);
        narrow(&w)
    }
}
