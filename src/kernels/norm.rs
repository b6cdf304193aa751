//! LayerNorm that also tells the σ it divided by: the readout needs it frozen.

use candle_core::{Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::composed;
use super::placement::is_own;
use super::tensors::{ROWS_PER_TASK, with_values};

/// Partial sums per row: as many as an AVX-512 register holds twice over, so that the sums vectorise.
const LANES: usize = 32;

/// A layer normalisation over the last axis: γ, β `[D]` and ε inside the square root.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// Scale γ, `[D]`.
    pub weight: Tensor,
    /// Shift β, `[D]`.
    pub bias: Tensor,
    /// ε, added to the (biased) variance.
    pub eps: f64,
}

/// What [`LayerNorm::forward`] gives.
pub struct Normalized {
    /// The normalised tensor, same shape as the input.
    pub value: Tensor,
    /// 1/σ of each row, the input's shape without its last axis.
    pub inv_sigma: Tensor,
}

impl LayerNorm {
    /// Normalises every row of `x` `[.., D]`.
    ///
    /// The variance is computed in a second pass over centred values: the one-pass form E[x²] − E[x]² loses half the
    /// digits on rows with a large mean.
    pub fn forward(&self, x: &Tensor) -> Result<Normalized> {
        if !is_own(x) {
            let (value, inv_sigma) = composed::normalize(x, (&self.weight, &self.bias), self.eps)?;
            return Ok(Normalized { value, inv_sigma });
        }
        let shape = x.dims().to_vec();
        let width = *shape.last().expect("a tensor to normalise has an axis");
        let mut value = vec![0f32; x.elem_count()];
        let mut inv_sigma = vec![0f32; x.elem_count() / width];
        with_values(x, |x| {
            with_values(&self.weight, |gamma| {
                with_values(&self.bias, |beta| {
                    value
                        .par_chunks_mut(width * ROWS_PER_TASK)
                        .zip(inv_sigma.par_chunks_mut(ROWS_PER_TASK))
                        .zip(x.par_chunks(width * ROWS_PER_TASK))
                        .for_each(|((out, inv_sigma), x)| {
                            let eps = self.eps;
                            Arch::new().dispatch(Rows {
                                out,
                                inv_sigma,
                                x,
                                gamma,
                                beta,
                                eps,
                            });
                        });
                })
            })
        })???;
        Ok(Normalized {
            value: Tensor::from_vec(value, shape.as_slice(), x.device())?,
            inv_sigma: Tensor::from_vec(inv_sigma, &shape[..shape.len() - 1], x.device())?,
        })
    }
}

/// Normalises some rows and notes 1/σ of each.
struct Rows<'a> {
    out: &'a mut [f32],
    inv_sigma: &'a mut [f32],
    x: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    eps: f64,
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.gamma.len();
        let rows = self
            .out
            .chunks_exact_mut(width)
            .zip(self.x.chunks_exact(width));
        for ((out, row), noted) in rows.zip(self.inv_sigma) {
            let mean = lane_sum(row, |x| x) / width as f32;
            let variance = lane_sum(row, |x| (x - mean) * (x - mean)) / width as f32;
            let inv_sigma = (1.0 / (f64::from(variance) + self.eps).sqrt()) as f32;
            for (((out, x), g), b) in out.iter_mut().zip(row).zip(self.gamma).zip(self.beta) {
                *out = ((x - mean) * inv_sigma).mul_add(*g, *b);
            }
            *noted = inv_sigma;
        }
    }
}

#[inline(always)]
fn lane_sum(row: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest: f32 = chunks.remainder().iter().map(|x| term(*x)).sum();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += term(*x);
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::super::tests::here_and_elsewhere;
    use super::*;
    use candle_core::Device;

    #[test]
    fn agrees_with_the_definition_in_double_precision() {
        let (rows, width, eps) = (5, 77, 1e-6);
        // A mean a thousand times the spread: where one-pass variance fails.
        let x: Vec<f32> = (0..rows * width)
            .map(|i| 1000.0 + ((i * 37) % 101) as f32 * 0.02)
            .collect();
        let gamma: Vec<f32> = (0..width).map(|i| 0.5 + i as f32 * 0.01).collect();
        let beta: Vec<f32> = (0..width).map(|i| i as f32 * 0.1 - 2.0).collect();
        let tensor = |v: &[f32], n: usize| Tensor::from_slice(v, n, &Device::Cpu).unwrap();
        let norm = LayerNorm {
            weight: tensor(&gamma, width),
            bias: tensor(&beta, width),
            eps,
        };
        let table = Tensor::from_slice(&x, (rows, width), &Device::Cpu).unwrap();
        for out in here_and_elsewhere(|| norm.forward(&table)) {
            let out = out.unwrap();
            let (value, inv) = (
                out.value.to_vec2::<f32>().unwrap(),
                out.inv_sigma.to_vec1::<f32>().unwrap(),
            );
            for (r, row) in x.chunks(width).enumerate() {
                let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / width as f64;
                let squares = row.iter().map(|x| (f64::from(*x) - mean).powi(2));
                let truth = 1.0 / (squares.sum::<f64>() / width as f64 + eps).sqrt();
                assert!((f64::from(inv[r]) / truth - 1.0).abs() < 1e-4);
                for (i, x) in row.iter().enumerate() {
                    let centred = f64::from(*x) - mean;
                    let y = centred * truth * f64::from(gamma[i]) + f64::from(beta[i]);
                    let found = value[r][i];
                    assert!((f64::from(found) - y).abs() < 1e-3, "{found} against {y}");
                }
            }
        }
    }
}
