//! Orthogonal matrices as products of Householder reflections.

use super::vectors::{add_scaled, dot};

/// An orthogonal `[dim, dim]` matrix Q kept as Householder reflections: applying it costs one rank-one update per
/// reflection, and the orthogonal complement of what it was made from comes for free.
pub(crate) struct Reflections {
    dim: usize,
    normals: Vec<Vec<f64>>,
}

impl Reflections {
    /// Q and the lower-triangular L `[count, count]` with `rows = L · (the first count columns of Q)ᵀ`, for
    /// `count <= dim` rows of `dim` numbers each.
    pub(crate) fn of_rows(rows: &[f64], dim: usize) -> (Self, Vec<f64>) {
        let count = rows.len() / dim;
        let mut work = rows.to_vec();
        let mut normals = Vec::with_capacity(count);
        for j in 0..count {
            let normal = reflection(&work[j * dim..(j + 1) * dim], j);
            for row in work[j * dim..].chunks_exact_mut(dim) {
                let along = dot(&normal, row);
                add_scaled(row, -2.0 * along, &normal);
            }
            normals.push(normal);
        }
        let lower = work
            .chunks_exact(dim)
            .flat_map(|row| row[..count].to_vec())
            .collect();
        (Self { dim, normals }, lower)
    }

    /// `Q · y` for `y` `[dim, cols]`, in place.
    pub(crate) fn apply(&self, y: &mut [f64]) {
        self.normals
            .iter()
            .rev()
            .for_each(|normal| reflect(y, normal));
    }

    /// `Qᵀ · y` for `y` `[dim, cols]`, in place.
    pub(crate) fn apply_transposed(&self, y: &mut [f64]) {
        self.normals.iter().for_each(|normal| reflect(y, normal));
    }

    /// The first `count` of the orthonormal vectors (one per row) that are orthogonal to everything Q was made from.
    pub(crate) fn complement(&self, count: usize) -> Vec<f64> {
        let mut rows = vec![0.0; count * self.dim];
        for (j, row) in rows.chunks_exact_mut(self.dim).enumerate() {
            row[self.normals.len() + j] = 1.0;
            for normal in self.normals.iter().rev() {
                let along = dot(normal, row);
                add_scaled(row, -2.0 * along, normal);
            }
        }
        rows
    }
}

/// The unit normal whose reflection zeroes `row` after its entry `j`; zero (no reflection) where nothing is left.
fn reflection(row: &[f64], j: usize) -> Vec<f64> {
    let mut normal = vec![0.0; row.len()];
    normal[j..].copy_from_slice(&row[j..]);
    let length = dot(&normal, &normal).sqrt();
    normal[j] += length.copysign(row[j]);
    let length = dot(&normal, &normal).sqrt();
    if length > 0.0 {
        normal.iter_mut().for_each(|v| *v /= length);
    }
    normal
}

/// `y -= 2 n (nᵀ y)` for `y` `[n.len(), cols]`.
fn reflect(y: &mut [f64], normal: &[f64]) {
    let cols = y.len() / normal.len();
    let mut along = vec![0.0; cols];
    for (row, &v) in y.chunks_exact(cols).zip(normal) {
        add_scaled(&mut along, v, row);
    }
    for (row, &v) in y.chunks_exact_mut(cols).zip(normal) {
        add_scaled(row, -2.0 * v, &along);
    }
}
