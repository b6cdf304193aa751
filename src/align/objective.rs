//! CompAlign's two loss terms and their gradients, in closed form (arXiv 2406.01583, section 4).

use std::ops::Deref;

use candle_core::Tensor;

use crate::linalg::{matrix_of, product, transposed_product, values};

/// Mean of 1 − cos(sum_j, target_j) over the rows of `sums` and `targets`, both `[B, width]`; targets have unit length.
#[must_use]
pub fn alignment_loss(sums: &[f32], targets: &[f32], width: usize) -> f64 {
    let rows = sums.chunks_exact(width).zip(targets.chunks_exact(width));
    let total: f64 = rows.map(|(sum, target)| 1.0 - cosine(sum, target).0).sum();
    total / (sums.len() / width) as f64
}

/// The loss of [`alignment_loss`], and its gradient written over `sums`.
pub(super) fn alignment_gradient(sums: &mut [f32], targets: &[f32], width: usize) -> f64 {
    let count = sums.len() / width;
    let mut total = 0.0;
    for (sum, target) in sums
        .chunks_exact_mut(width)
        .zip(targets.chunks_exact(width))
    {
        let (cos, length) = cosine(sum, target);
        total += 1.0 - cos;
        let across = -1.0 / (count as f64 * length);
        let along = cos / (count as f64 * length * length);
        for (s, &t) in sum.iter_mut().zip(target) {
            *s = (across * f64::from(t) + along * f64::from(*s)) as f32;
        }
    }
    total / count as f64
}

/// Cosine between a sum and a unit target, and the sum's length (kept off zero, where the gradient has no value).
fn cosine(sum: &[f32], target: &[f32]) -> (f64, f64) {
    let (mut square, mut inner) = (0.0, 0.0);
    for (&s, &t) in sum.iter().zip(target) {
        square += f64::from(s) * f64::from(s);
        inner += f64::from(s) * f64::from(t);
    }
    let length = square.sqrt().max(1e-12);
    (inner / length, length)
}

/// The orthogonality penalty (1/(C·K)) Σ_i ‖W_iᵀW_i − I‖²_F of maps `[dim, width]`.
#[must_use]
pub fn penalty<M: Deref<Target = [f32]>>(maps: &[M], dim: usize, width: usize) -> f64 {
    let each = maps
        .iter()
        .map(|map| deviation(&matrix_of(map, dim, width), dim, width, false).0);
    each.sum::<f64>() / (maps.len() * width) as f64
}

/// ‖WᵀW − I_K‖²_F of W `[rows, K]` and, where asked for, a quarter of its gradient, W(WᵀW − I).
///
/// The Gram matrix is taken on the smaller side: ‖WᵀW − I_K‖² = ‖WWᵀ − I_rows‖² + K − rows, since both Gram matrices
/// have the same non-zero eigenvalues; a component known by few rows costs little.
pub(super) fn deviation(
    map: &Tensor,
    rows: usize,
    width: usize,
    gradient: bool,
) -> (f64, Vec<f32>) {
    let side = rows.min(width);
    let wide = rows < width;
    let mut gram = if wide {
        gram(&map.t().expect("two dimensions"), rows)
    } else {
        gram(map, width)
    };
    for i in 0..side {
        gram[i * side + i] -= 1.0;
    }
    let square: f64 = gram.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    let square = square + (width - side) as f64;
    if !gradient {
        return (square, Vec::new());
    }
    let gram = matrix_of(&gram, side, side);
    let slope = if wide {
        product(&gram, map)
    } else {
        product(map, &gram)
    };
    (square, values(&slope))
}

/// `aᵀ a` of a `[.., side]`, `[side, side]`: what lies below the diagonal is not multiplied out, but mirrored.
fn gram(a: &Tensor, side: usize) -> Vec<f32> {
    /// Columns that are multiplied at a time: enough for a product to run at full speed.
    const BLOCK: usize = 128;
    let columns =
        |start: usize, end: usize| a.narrow(1, start, end - start).expect("columns of it");
    let mut gram = vec![0.0f32; side * side];
    for start in (0..side).step_by(BLOCK) {
        let end = (start + BLOCK).min(side);
        let block: Vec<f32> = values(&transposed_product(
            &columns(start, end),
            &columns(start, side),
        ));
        for (i, row) in (start..end).zip(block.chunks_exact(side - start)) {
            gram[i * side + start..(i + 1) * side].copy_from_slice(row);
        }
    }
    for i in 0..side {
        for j in 0..i {
            gram[i * side + j] = gram[j * side + i];
        }
    }
    gram
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Random;

    fn noise(count: usize, scale: f64, seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        (0..count)
            .map(|_| (scale * random.normal()) as f32)
            .collect()
    }

    #[test]
    fn penalty_equals_its_formula_entry_by_entry() {
        for (dim, width) in [(5, 3), (4, 4), (3, 5)] {
            let maps = vec![noise(dim * width, 0.5, 1), noise(dim * width, 0.4, 2)];
            let mut naive = 0.0;
            for map in &maps {
                for a in 0..width {
                    for b in 0..width {
                        let inner: f64 = (0..dim)
                            .map(|r| f64::from(map[r * width + a]) * f64::from(map[r * width + b]))
                            .sum();
                        naive += (inner - f64::from(u8::from(a == b))).powi(2);
                    }
                }
            }
            let naive = naive / (2 * width) as f64;
            let ours = penalty(&maps, dim, width);
            assert!((ours - naive).abs() < 1e-6 * naive, "{ours} {naive}");
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let step = 1e-2f32;
        let width = 4;
        let (sums, mut targets) = (noise(3 * width, 1.0, 3), noise(3 * width, 1.0, 4));
        for row in targets.chunks_exact_mut(width) {
            let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter_mut().for_each(|v| *v /= length);
        }
        let mut gradient = sums.clone();
        let loss = alignment_gradient(&mut gradient, &targets, width);
        assert!((loss - alignment_loss(&sums, &targets, width)).abs() < 1e-12);
        for k in 0..sums.len() {
            let at = |h: f32| {
                let mut moved = sums.clone();
                moved[k] += h;
                alignment_loss(&moved, &targets, width)
            };
            let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
            assert!((slope - f64::from(gradient[k])).abs() < 2e-4);
        }
        for (rows, width) in [(3, 5), (5, 3)] {
            let map = noise(rows * width, 0.5, 5);
            let square =
                |map: &[f32]| deviation(&matrix_of(map, rows, width), rows, width, false).0;
            let (_, quarter) = deviation(&matrix_of(&map, rows, width), rows, width, true);
            for k in 0..map.len() {
                let at = |h: f32| {
                    let mut moved = map.clone();
                    moved[k] += h;
                    square(&moved)
                };
                let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
                assert!((slope - 4.0 * f64::from(quarter[k])).abs() < 3e-3);
            }
        }
    }
}
