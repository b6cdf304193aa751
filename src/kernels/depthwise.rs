//! The depthwise 3 × 3 convolution: every channel by itself, so there is no matrix product to turn it into.

use candle_core::{Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::convolution::Taps;
use super::with_values;

/// Convolves each channel of `x` `[B, h·w, C]` with its own kernel, `weight` `[9, C]` (taps row by row), padded as
/// TensorFlow's "same" does; gives `[B, h'·w', C]`.
pub fn depthwise(
    x: &Tensor,
    weight: &Tensor,
    map: (usize, usize),
    stride: usize,
) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let taps = Taps::new(map, stride);
    let (rows, columns) = taps.output;
    let mut out = vec![0f32; batch * rows * columns * width];
    with_values(x, |x| {
        with_values(weight, |weight| {
            out.par_chunks_mut(columns * width)
                .enumerate()
                .for_each(|(line, out)| {
                    Arch::new().dispatch(Line {
                        out,
                        image: &x[line / rows * tokens * width..][..tokens * width],
                        weight,
                        row: line % rows,
                        width,
                        taps,
                    });
                });
        })
    })??;
    Tensor::from_vec(out, (batch, rows * columns, width), x.device())
}

/// One row of the output map.
struct Line<'a> {
    out: &'a mut [f32],
    image: &'a [f32],
    weight: &'a [f32],
    row: usize,
    width: usize,
    taps: Taps,
}

impl NullaryFnOnce for Line<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.width;
        for (column, out) in self.out.chunks_exact_mut(width).enumerate() {
            for (tap, weight) in self.weight.chunks_exact(width).enumerate() {
                if let Some(token) = self.taps.under(tap, self.row, column) {
                    let seen = &self.image[token * width..][..width];
                    for ((y, x), w) in out.iter_mut().zip(seen).zip(weight) {
                        *y = x.mul_add(*w, *y);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::convolution::tests::{by_definition, numbers};
    use super::*;
    use candle_core::Device;

    #[test]
    fn each_channel_is_convolved_by_itself() {
        for (h, w, stride) in [(6, 4, 1), (6, 4, 2), (5, 7, 2)] {
            let c = 5;
            let (x, kernel) = (numbers(2 * h * w * c), numbers(9 * c));
            let images = Tensor::from_slice(&x, (2, h * w, c), &Device::Cpu).unwrap();
            let weight = Tensor::from_slice(&kernel, (9, c), &Device::Cpu).unwrap();
            let y = depthwise(&images, &weight, (h, w), stride).unwrap();
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let places = y.len() / 2 / c;
            for (at, y) in y.iter().enumerate() {
                let (image, place, channel) = (at / c / places, at / c % places, at % c);
                let own: Vec<f32> = (0..h * w)
                    .map(|token| x[(image * h * w + token) * c + channel])
                    .collect();
                let taps: Vec<f32> = (0..9).map(|tap| kernel[tap * c + channel]).collect();
                let truth = by_definition(&own, &taps, (h, w, 1), stride)[place];
                assert!((f64::from(*y) - truth).abs() < 1e-5, "{y} against {truth}");
            }
        }
    }
}
