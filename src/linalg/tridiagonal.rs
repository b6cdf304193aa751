//! Eigenvectors of larger symmetric matrices: Householder's reduction to a tridiagonal one, then implicit QL (Bowdler,
//! Martin, Reinsch and Wilkinson 1968). Jacobi's rotations, which serve the small ones, would take minutes at CLIP's width.

use super::vectors::{add_scaled, dot};

/// A subdiagonal this small beside the whole matrix is rounding noise.
const NOISE: f64 = 1e-18;

/// QL takes about two steps per eigenvalue; one that took so many has settled as far as rounding lets it.
const STEPS: usize = 60;

/// Eigenvalues (descending) and eigenvectors (one per row) of a symmetric `[n, n]` matrix.
pub(super) fn symmetric_eigen(matrix: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut diagonal, mut beside, normals) = reduce(matrix.to_vec(), n);
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    let scale = dot(matrix, matrix).sqrt();
    for low in 0..n {
        for _ in 0..STEPS {
            let high = block_end(&diagonal, &beside, low, scale);
            if high == low {
                break;
            }
            step(&mut diagonal, &mut beside, &mut vectors, low, high);
        }
    }
    for vector in vectors.chunks_exact_mut(n) {
        for (k, normal) in normals.iter().enumerate().rev() {
            let tail = &mut vector[k + 1..];
            let along = dot(tail, normal);
            add_scaled(tail, -2.0 * along, normal);
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| diagonal[j].total_cmp(&diagonal[i]));
    let sorted = order
        .iter()
        .flat_map(|&i| vectors[i * n..(i + 1) * n].to_vec())
        .collect();
    (order.iter().map(|&i| diagonal[i]).collect(), sorted)
}

/// The diagonal, what stands beside it, and the normals of the reflections that made the matrix tridiagonal; normal `k`
/// belongs to the coordinates after `k`.
fn reduce(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>, Vec<Vec<f64>>) {
    let mut beside = vec![0.0; n];
    let mut normals = Vec::with_capacity(n);
    for k in 0..n.saturating_sub(1) {
        let mut normal: Vec<f64> = a[k * n + k + 1..(k + 1) * n].to_vec();
        let length = dot(&normal, &normal).sqrt();
        beside[k] = -length.copysign(normal[0]);
        normal[0] += length.copysign(normal[0]);
        let size = dot(&normal, &normal).sqrt();
        if size > 0.0 {
            normal.iter_mut().for_each(|v| *v /= size);
        }
        reflect_both_sides(&mut a, n, k + 1, &normal);
        normals.push(normal);
    }
    ((0..n).map(|i| a[i * n + i]).collect(), beside, normals)
}

/// `H A H` on the rows and columns from `first`, `H = I − 2 v vᵀ`.
fn reflect_both_sides(a: &mut [f64], n: usize, first: usize, v: &[f64]) {
    let rows = a.chunks_exact(n).skip(first);
    let mut w: Vec<f64> = rows.map(|row| 2.0 * dot(&row[first..], v)).collect();
    let along = dot(&w, v);
    add_scaled(&mut w, -along, v);
    for (i, row) in a.chunks_exact_mut(n).skip(first).enumerate() {
        let tail = &mut row[first..];
        add_scaled(tail, -v[i], &w);
        add_scaled(tail, -w[i], v);
    }
}

/// The last index of the unreduced block that begins at `low`.
fn block_end(diagonal: &[f64], beside: &[f64], low: usize, scale: f64) -> usize {
    let negligible = |m: usize| {
        let around = diagonal[m].abs() + diagonal[m + 1].abs();
        beside[m].abs() <= f64::EPSILON * around || beside[m].abs() <= NOISE * scale
    };
    let last = diagonal.len() - 1;
    (low..last).find(|&m| negligible(m)).unwrap_or(last)
}

/// One implicit QL step on the block `low..=high`, with Wilkinson's shift.
fn step(diagonal: &mut [f64], beside: &mut [f64], vectors: &mut [f64], low: usize, high: usize) {
    let n = diagonal.len();
    let half = (diagonal[low + 1] - diagonal[low]) / (2.0 * beside[low]);
    let root = half + half.hypot(1.0).copysign(half);
    let mut bulge = diagonal[high] - diagonal[low] + beside[low] / root;
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for i in (low..high).rev() {
        let (far, near) = (sine * beside[i], cosine * beside[i]);
        let length = far.hypot(bulge);
        beside[i + 1] = length;
        if length == 0.0 {
            diagonal[i + 1] -= shift;
            beside[high] = 0.0;
            return;
        }
        (sine, cosine) = (far / length, bulge / length);
        let rest = diagonal[i + 1] - shift;
        let turned = (diagonal[i] - rest) * sine + 2.0 * cosine * near;
        shift = sine * turned;
        diagonal[i + 1] = rest + shift;
        bulge = cosine * turned - near;
        let (before, after) = vectors.split_at_mut((i + 1) * n);
        let upper = &mut before[i * n..];
        for (x, y) in upper.iter_mut().zip(&mut after[..n]) {
            (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
        }
    }
    diagonal[low] -= shift;
    beside[low] = bulge;
    beside[high] = 0.0;
}
