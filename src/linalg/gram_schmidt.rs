//! Orthonormal bases of few rows.

use super::vectors::{add_scaled, dot};

/// Orthonormal rows spanning the given rows (`dim` numbers each), in list order, and which rows gave one.
///
/// Modified Gram-Schmidt, each row reduced twice ("twice is enough": the second pass brings orthogonality to rounding
/// error even for near-parallel rows). A row that the earlier ones span to within `1e-5` of its length is left out:
/// what would remain of it in f32 embeddings is rounding noise, not a direction.
pub(crate) fn gram_schmidt(rows: &[f64], dim: usize) -> (Vec<f64>, Vec<usize>) {
    let mut basis: Vec<f64> = Vec::with_capacity(rows.len());
    let mut kept = Vec::new();
    for (index, row) in rows.chunks_exact(dim).enumerate() {
        let length = dot(row, row).sqrt();
        let mut rest = row.to_vec();
        for _ in 0..2 {
            for axis in basis.chunks_exact(dim) {
                let along = dot(&rest, axis);
                add_scaled(&mut rest, -along, axis);
            }
        }
        let remaining = dot(&rest, &rest).sqrt();
        if remaining > 1e-5 * length {
            basis.extend(rest.iter().map(|v| v / remaining));
            kept.push(index);
        }
    }
    (basis, kept)
}
