//! Softmax of scaled scores, in place.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::{ROWS_PER_TASK, math, values_mut};

/// Partial maxima and sums per row, so that both reductions vectorise.
const LANES: usize = 32;

struct ScaledSoftmax {
    width: usize,
    scale: f32,
}

impl InplaceOp1 for ScaledSoftmax {
    fn name(&self) -> &'static str {
        "scaled_softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (width, scale) = (self.width, self.scale);
        values_mut(storage, layout)?
            .par_chunks_mut(width * ROWS_PER_TASK)
            .for_each(|rows| Arch::new().dispatch(Rows { rows, width, scale }));
        Ok(())
    }
}

struct Rows<'a> {
    rows: &'a mut [f32],
    width: usize,
    scale: f32,
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact_mut(self.width) {
            softmax(row, self.scale);
        }
    }
}

#[inline(always)]
fn softmax(row: &mut [f32], scale: f32) {
    let largest = lane_max(row);
    let mut lanes = [0f32; LANES];
    let mut chunks = row.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (x, lane) in chunk.iter_mut().zip(&mut lanes) {
            *x = math::exp((*x - largest) * scale);
            *lane += *x;
        }
    }
    let mut sum = lanes.iter().sum::<f32>();
    for x in chunks.into_remainder() {
        *x = math::exp((*x - largest) * scale);
        sum += *x;
    }
    let inverse = 1.0 / sum;
    for x in row {
        *x *= inverse;
    }
}

#[inline(always)]
fn lane_max(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks
        .remainder()
        .iter()
        .copied()
        .fold(f32::NEG_INFINITY, f32::max);
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    lanes.iter().copied().fold(rest, f32::max)
}

/// softmax(scale · x) over the last axis of `x`, in place; `scale` must be positive.
pub fn scaled_softmax(x: &Tensor, scale: f32) -> Result<()> {
    let width = *x.dims().last().expect("scores have an axis");
    x.inplace_op1(&ScaledSoftmax { width, scale })
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn agrees_with_the_definition_in_double_precision() {
        for width in [1, 31, 32, 77, 197] {
            let scores: Vec<f32> = (0..3 * width)
                .map(|i| ((i * 29) % 83) as f32 * 0.7 - 20.0)
                .collect();
            let x = Tensor::from_slice(&scores, (3, width), &Device::Cpu).unwrap();
            scaled_softmax(&x, 0.125).unwrap();
            for (row, out) in scores.chunks(width).zip(x.to_vec2::<f32>().unwrap()) {
                let powers: Vec<f64> = row.iter().map(|x| (f64::from(*x) * 0.125).exp()).collect();
                let sum: f64 = powers.iter().sum();
                for (p, y) in powers.iter().zip(out) {
                    assert!((f64::from(y) - p / sum).abs() < 1e-6);
                }
            }
        }
    }
}
