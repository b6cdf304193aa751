//! A start for fits of few epochs: the one orthogonal map, shared by all components, that carries z closest to the targets.
//!
//! The published start is N(0, 0.02²), far from where the penalty wants the maps and blind to the targets. The polar
//! factor of Cov(z, target) (orthogonal Procrustes, Schönemann 1966) has no penalty to begin with and is the best shared
//! map in the least-squares sense: a small DINOv2 starts at a held-out cosine of 0.60 instead of 0. Given thousands of
//! steps the published start does as well or better (0.747 against 0.740 there), because components that begin apart
//! need not part first; so it stays the default. The bias puts the mean where it belongs, at the scale at which the
//! mapped z best predicts the targets.

use super::batches::Images;
use super::error::AlignError;
use super::options::Start;
use super::random::Random;
use crate::linalg::{
    add_scaled, dot, matrix, matrix_of, product, transposed_product, values, widen,
};
use crate::work::cancel::{Cancel, Cancelled};
use crate::work::progress::Progress;

/// Shared map `[D, K]` and bias `[K]`, where a fit starts from them.
pub(super) struct SharedMap {
    pub map: Vec<f64>,
    pub bias: Vec<f64>,
    /// Mean of the unit targets: the baseline that knows no image.
    pub mean_target: Vec<f64>,
}

/// Means and second moments of z and targets over the training images.
struct Sums {
    count: f64,
    z: Vec<f64>,
    target: Vec<f64>,
    /// Σ zᵀ target `[D, K]`, later centred.
    cross: Vec<f64>,
    /// Σ zᵀ z `[D, D]`, later centred.
    square: Vec<f64>,
}

/// The Procrustes start from the training images.
pub(super) fn shared_map(
    images: &Images<'_>,
    dim: usize,
    width: usize,
    random: &mut Random,
    start: Start,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<SharedMap, AlignError> {
    let sums = gather(images, dim, width, cancel, progress)?;
    let length = dot(&sums.cross, &sums.cross).sqrt().max(f64::MIN_POSITIVE);
    // LayerNorm leaves z without one direction, and few images leave more: a little noise gives every singular value
    // of the covariance a place to grow from, so that the polar factor is orthogonal in all directions.
    let noise = 1e-3 / ((dim * width) as f64).sqrt();
    let seeded: Vec<f64> = sums
        .cross
        .iter()
        .map(|v| v / length + noise * random.normal())
        .collect();
    if start == Start::Gaussian {
        return Ok(SharedMap {
            map: Vec::new(),
            bias: Vec::new(),
            mean_target: sums.target,
        });
    }
    let map = polar(seeded, dim, width, cancel)?;

    let square = matrix(sums.square, dim, dim);
    let carried = values::<f64>(&product(&square, &matrix_of(&map, dim, width)));
    let spread = dot(&map, &carried);
    let shared = dot(&map, &sums.cross);
    let scale = if shared > 1e-9 * spread {
        spread / shared
    } else {
        1.0
    };
    let mut bias: Vec<f64> = sums.target.iter().map(|v| v * scale).collect();
    for (z, row) in sums.z.iter().zip(map.chunks_exact(width)) {
        add_scaled(&mut bias, -z, row);
    }
    Ok(SharedMap {
        map,
        bias,
        mean_target: sums.target,
    })
}

fn gather(
    images: &Images<'_>,
    dim: usize,
    width: usize,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Sums, AlignError> {
    let mut sums = Sums {
        count: 0.0,
        z: vec![0.0; dim],
        target: vec![0.0; width],
        cross: vec![0.0; dim * width],
        square: vec![0.0; dim * dim],
    };
    progress.start("representations", images.parts() as u64);
    for part in 0..images.parts() {
        cancel.check()?;
        progress.advance(part as u64);
        let (z, targets) = images.representation(part)?;
        let count = targets.len() / width;
        if count == 0 {
            continue;
        }
        sums.count += count as f64;
        z.chunks_exact(dim)
            .for_each(|row| add_scaled(&mut sums.z, 1.0, &widen(row)));
        targets
            .chunks_exact(width)
            .for_each(|row| add_scaled(&mut sums.target, 1.0, &widen(row)));
        let z = matrix(widen(&z), count, dim);
        let targets = matrix(widen(&targets), count, width);
        let cross = values::<f64>(&transposed_product(&z, &targets));
        let square = values::<f64>(&transposed_product(&z, &z));
        add_scaled(&mut sums.cross, 1.0, &cross);
        add_scaled(&mut sums.square, 1.0, &square);
    }
    progress.finish();
    sums.z.iter_mut().for_each(|v| *v /= sums.count);
    sums.target.iter_mut().for_each(|v| *v /= sums.count);
    for i in 0..dim {
        let shift = -sums.count * sums.z[i];
        add_scaled(
            &mut sums.cross[i * width..(i + 1) * width],
            shift,
            &sums.target,
        );
        add_scaled(&mut sums.square[i * dim..(i + 1) * dim], shift, &sums.z);
    }
    Ok(sums)
}

/// The orthogonal polar factor of `a` `[rows, cols]`, whose singular values lie in (0, √3), by Newton-Schulz: matrix
/// products alone. Forty steps bring singular values down to 10⁻⁶ to one.
fn polar(a: Vec<f64>, rows: usize, cols: usize, cancel: &Cancel) -> Result<Vec<f64>, Cancelled> {
    let mut x = matrix(a, rows, cols);
    for _ in 0..40 {
        cancel.check()?;
        let cubic = if rows <= cols {
            product(&product(&x, &x.t().expect("two dimensions")), &x)
        } else {
            product(&x, &transposed_product(&x, &x))
        };
        let mut next: Vec<f64> = values(&x);
        next.iter_mut().for_each(|v| *v *= 1.5);
        add_scaled(&mut next, -0.5, &values::<f64>(&cubic));
        x = matrix(next, rows, cols);
    }
    Ok(values(&x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polar_factor_is_orthonormal_on_the_smaller_side() {
        let mut random = Random::new(9);
        for (rows, cols) in [(6, 4), (4, 6), (5, 5)] {
            let noise: Vec<f64> = (0..rows * cols).map(|_| 0.1 * random.normal()).collect();
            let found = polar(noise, rows, cols, &Cancel::default()).expect("not cancelled");
            let at = |i: usize, j: usize| found[i * cols + j];
            let (side, other) = (rows.min(cols), rows.max(cols));
            for a in 0..side {
                for b in 0..side {
                    let inner: f64 = (0..other)
                        .map(|k| {
                            if rows <= cols {
                                at(a, k) * at(b, k)
                            } else {
                                at(k, a) * at(k, b)
                            }
                        })
                        .sum();
                    assert!((inner - f64::from(u8::from(a == b))).abs() < 1e-9);
                }
            }
        }
    }
}
