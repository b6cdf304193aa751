//! Eigenvectors of symmetric matrices of any size.

use super::{jacobi, tridiagonal};

/// Up to this size a symmetric matrix is rotated diagonal as it is.
const SMALL: usize = 32;

/// Eigenvalues (descending) and eigenvectors (one per row) of a symmetric `[n, n]` matrix.
pub(crate) fn symmetric_eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    if n > SMALL {
        tridiagonal::symmetric_eigen(matrix, n)
    } else {
        jacobi::symmetric_eigen(matrix, n)
    }
}
