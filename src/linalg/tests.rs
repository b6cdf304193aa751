//! What the decompositions promise, on made-up matrices.

use super::{Reflections, dot, gram_schmidt, symmetric_eigen};
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
