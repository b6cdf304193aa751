//! The little linear algebra that alignment and scores need beyond a matrix product.
//!
//! Products go through candle (its blocked GEMM, f32 and f64). Orthonormalisation and small eigenproblems are a few
//! lines each here, in f64, rather than a LAPACK dependency: the matrices are a feature's texts (tens of rows) or one
//! head's map, and a plain implementation is exact enough and free of platform libraries.

mod cholesky;
mod tridiagonal;

pub(crate) use self::cholesky::{cholesky, solve};
use candle_core::{DType, Device, Tensor, WithDType};

/// Up to this size a symmetric matrix is rotated diagonal as it is.
const SMALL: usize = 32;

const SHAPES_AGREE: &str = "matrix shapes agree by construction";

/// A `[rows, cols]` tensor from row-major values.
pub(crate) fn matrix<T: WithDType>(values: Vec<T>, rows: usize, cols: usize) -> Tensor {
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect(SHAPES_AGREE)
}

/// A `[rows, cols]` tensor that copies row-major values.
pub(crate) fn matrix_of<T: WithDType>(values: &[T], rows: usize, cols: usize) -> Tensor {
    Tensor::from_slice(values, (rows, cols), &Device::Cpu).expect(SHAPES_AGREE)
}

/// A tensor in f64 and on the CPU: other devices are slow in f64, and Metal has none.
///
/// # Errors
/// The tensor library's.
pub(crate) fn exact(tensor: &Tensor) -> candle_core::Result<Tensor> {
    tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)
}

/// `a · b`.
pub(crate) fn product(a: &Tensor, b: &Tensor) -> Tensor {
    a.matmul(b).expect(SHAPES_AGREE)
}

/// `aᵀ · b`, without copying `a`.
pub(crate) fn transposed_product(a: &Tensor, b: &Tensor) -> Tensor {
    product(&a.t().expect(SHAPES_AGREE), b)
}

/// `a · bᵀ`, without copying `b`.
pub(crate) fn product_transposed(a: &Tensor, b: &Tensor) -> Tensor {
    product(a, &b.t().expect(SHAPES_AGREE))
}

/// The values of a contiguous tensor, row-major.
pub(crate) fn values<T: WithDType>(tensor: &Tensor) -> Vec<T> {
    let flat = tensor.flatten_all().expect(SHAPES_AGREE);
    flat.to_vec1()
        .expect("the tensor has the type it was made with")
}

/// f32 values as f64.
pub(crate) fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// f64 values as f32.
pub(crate) fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

/// Scalar product.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `y += scale · x`.
pub(crate) fn add_scaled(y: &mut [f64], scale: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += scale * x;
    }
}

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

/// Eigenvalues (descending) and eigenvectors (one per row) of a symmetric `[n, n]` matrix.
pub(crate) fn symmetric_eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    if n > SMALL {
        tridiagonal::symmetric_eigen(matrix, n)
    } else {
        rotated(matrix, n)
    }
}

/// The same by cyclic Jacobi rotations.
fn rotated(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut a = matrix.to_vec();
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    let scale = dot(&a, &a);
    for _sweep in 0..64 {
        let off: f64 = (0..n)
            .flat_map(|p| (0..p).map(move |q| (p, q)))
            .map(|(p, q)| a[p * n + q] * a[p * n + q])
            .sum();
        if off <= 1e-30 * scale {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    let sorted = order
        .iter()
        .flat_map(|&i| vectors[i * n..(i + 1) * n].to_vec())
        .collect();
    (order.iter().map(|&i| a[i * n + i]).collect(), sorted)
}

/// One Jacobi rotation that zeroes `a[p, q]`; `vectors` holds the eigenvectors so far, one per row.
fn rotate(a: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
        let (x, y) = (vectors[p * n + k], vectors[q * n + k]);
        vectors[p * n + k] = c * x - s * y;
        vectors[q * n + k] = s * x + c * y;
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Random;

    fn noise(count: usize, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..count).map(|_| random.normal()).collect()
    }

    fn worst(a: &[f64], b: &[f64]) -> f64 {
        a.iter()
            .zip(b)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn reflections_factor_rows_and_span_the_complement() {
        let (count, dim) = (3, 7);
        let rows = noise(count * dim, 1);
        let (q, lower) = Reflections::of_rows(&rows, dim);
        // Qᵀ rowsᵀ = [Lᵀ; 0]
        let mut columns: Vec<f64> = (0..dim * count)
            .map(|k| rows[(k % count) * dim + k / count])
            .collect();
        let original = columns.clone();
        q.apply_transposed(&mut columns);
        for i in 0..dim {
            for j in 0..count {
                let want = if i < count { lower[j * count + i] } else { 0.0 };
                assert!((columns[i * count + j] - want).abs() < 1e-12);
            }
        }
        q.apply(&mut columns);
        assert!(worst(&columns, &original) < 1e-12);
        let rest = q.complement(4);
        for (k, v) in rest.chunks_exact(dim).enumerate() {
            for row in rows.chunks_exact(dim) {
                assert!(dot(row, v).abs() < 1e-12);
            }
            for (l, w) in rest.chunks_exact(dim).enumerate() {
                assert!((dot(v, w) - f64::from(u8::from(k == l))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn eigenvectors_diagonalise() {
        for n in [1, 2, 6, 75] {
            let half = noise(n * n, 2);
            let full: Vec<f64> = (0..n * n)
                .map(|k| half[k] + half[(k % n) * n + k / n])
                .collect();
            assert_diagonalised(&full, n);
            // Of rank 3 at most: most eigenvalues coincide.
            let thin = noise(n * 3, 3);
            let low = (0..n * n).map(|k| dot(&thin[k / n * 3..][..3], &thin[k % n * 3..][..3]));
            assert_diagonalised(&low.collect::<Vec<_>>(), n);
        }
    }

    fn assert_diagonalised(symmetric: &[f64], n: usize) {
        let (eigenvalues, vectors) = symmetric_eigen(symmetric, n);
        assert!(eigenvalues.windows(2).all(|w| w[0] >= w[1]));
        for (i, v) in vectors.chunks_exact(n).enumerate() {
            for (j, w) in vectors.chunks_exact(n).enumerate() {
                assert!((dot(v, w) - f64::from(u8::from(i == j))).abs() < 1e-10);
            }
        }
        for (value, v) in eigenvalues.iter().zip(vectors.chunks_exact(n)) {
            for (i, row) in symmetric.chunks_exact(n).enumerate() {
                assert!((dot(row, v) - value * v[i]).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn gram_schmidt_leaves_out_what_is_already_spanned() {
        let rows = [1., 0., 0., 2., 0., 0., 1., 1., 0.];
        let (basis, kept) = gram_schmidt(&rows, 3);
        assert_eq!(kept, [0, 2]);
        assert!(worst(&basis, &[1., 0., 0., 0., 1., 0.]) < 1e-15);
    }
}
