//! Systems of equations with a symmetric positive definite matrix.

use super::vectors::dot;

/// The lower triangle L with `matrix = L Lᵀ`, `[n, n]` row-major; nothing where the matrix is not positive definite.
pub(crate) fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = matrix.to_vec();
    for i in 0..n {
        for j in 0..=i {
            let (above, row) = lower.split_at(i * n);
            let left = if i == j {
                &row[..j]
            } else {
                &above[j * n..j * n + j]
            };
            let rest = row[j] - dot(&row[..j], left);
            if i == j {
                if rest <= 0.0 || !rest.is_finite() {
                    return None;
                }
                lower[i * n + i] = rest.sqrt();
            } else {
                lower[i * n + j] = rest / lower[j * n + j];
            }
        }
    }
    Some(lower)
}

/// The solution x of `L Lᵀ x = right`, in place.
pub(crate) fn solve(lower: &[f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        let known = dot(&lower[i * n..i * n + i], &right[..i]);
        right[i] = (right[i] - known) / lower[i * n + i];
    }
    for i in (0..n).rev() {
        right[i] /= lower[i * n + i];
        let value = right[i];
        for (j, entry) in lower[i * n..i * n + i].iter().enumerate() {
            right[j] -= entry * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solutions_satisfy_their_equations() {
        // A tridiagonal matrix of second differences, and a right side made from a known solution.
        let n = 6_usize;
        let matrix: Vec<f64> = (0..n * n)
            .map(|k| match (k / n).abs_diff(k % n) {
                0 => 2.0,
                1 => -1.0,
                _ => 0.0,
            })
            .collect();
        let want: Vec<f64> = (0..n).map(|k| (k * k) as f64 - 3.0).collect();
        let mut right: Vec<f64> = matrix.chunks_exact(n).map(|row| dot(row, &want)).collect();
        solve(
            &cholesky(&matrix, n).expect("positive definite"),
            &mut right,
        );
        for (found, want) in right.iter().zip(&want) {
            assert!((found - want).abs() < 1e-12, "{found} {want}");
        }
        assert!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
