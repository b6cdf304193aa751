//! The little linear algebra that alignment and scores need beyond a matrix product.
//!
//! Products go through candle (its blocked GEMM, f32 and f64). Orthonormalisation and small eigenproblems are a few
//! lines each here, in f64, rather than a LAPACK dependency: the matrices are a feature's texts (tens of rows) or one
//! head's map, and a plain implementation is exact enough and free of platform libraries.

mod cholesky;
mod eigen;
mod gram_schmidt;
mod jacobi;
mod matrices;
mod reflections;
mod tridiagonal;
mod vectors;

pub(crate) use cholesky::{cholesky, solve};
pub(crate) use eigen::symmetric_eigen;
pub(crate) use gram_schmidt::gram_schmidt;
pub(crate) use matrices::{
    exact, matrix, matrix_of, product, product_transposed, transposed_product, values,
};
pub(crate) use reflections::Reflections;
pub(crate) use vectors::{add_scaled, dot, narrow, widen};

#[cfg(test)]
mod tests;
