//! 3 × 3 convolutions on maps of tokens, padded as TensorFlow's "same" does, turned into matrix products.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::with_values;

/// Where a 3 × 3 convolution's taps fall on a map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// Rows and columns of the input.
    pub input: (usize, usize),
    /// Rows and columns of the output.
    pub output: (usize, usize),
    stride: usize,
    /// Rows and columns of padding before the map; what is missing after it may be one more.
    before: (usize, usize),
}

impl Taps {
    pub fn new(input: (usize, usize), stride: usize) -> Self {
        let side = |input: usize| {
            let output = input.div_ceil(stride);
            let padding = ((output - 1) * stride + 3).saturating_sub(input);
            (output, padding / 2)
        };
        let (rows, columns) = (side(input.0), side(input.1));
        Self {
            input,
            output: (rows.0, columns.0),
            stride,
            before: (rows.1, columns.1),
        }
    }

    /// The token under tap `tap` (row by row) of the output token at (`row`, `column`); none in the padding.
    #[inline(always)]
    pub fn under(&self, tap: usize, row: usize, column: usize) -> Option<usize> {
        let row = (row * self.stride + tap / 3).checked_sub(self.before.0)?;
        let column = (column * self.stride + tap % 3).checked_sub(self.before.1)?;
        (row < self.input.0 && column < self.input.1).then_some(row * self.input.1 + column)
    }
}

/// What each output token of a 3 × 3 convolution sees: `[B, h·w, C]` to `[B, h'·w', 9·C]`, taps row by row, channels
/// innermost, zeros for the padding.
pub fn unfold(x: &Tensor, map: (usize, usize), stride: usize) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let taps = Taps::new(map, stride);
    let (rows, columns) = taps.output;
    let mut out = vec![0f32; batch * rows * columns * 9 * width];
    with_values(x, |x| {
        out.par_chunks_mut(columns * 9 * width)
            .enumerate()
            .for_each(|(line, out)| {
                let image = &x[line / rows * tokens * width..][..tokens * width];
                for (place, out) in out.chunks_exact_mut(width).enumerate() {
                    if let Some(token) = taps.under(place % 9, line % rows, place / 9) {
                        out.copy_from_slice(&image[token * width..][..width]);
                    }
                }
            });
    })?;
    Tensor::from_vec(out, (batch, rows * columns, 9 * width), x.device())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use candle_core::Device;

    /// A dense convolution with TensorFlow's padding, by the definition: x `[h, w, c]`, kernel `[o, c, 3, 3]`.
    pub fn by_definition(
        x: &[f32],
        kernel: &[f32],
        (h, w, c): (usize, usize, usize),
        stride: usize,
    ) -> Vec<f64> {
        let outputs = kernel.len() / 9 / c;
        let (rows, columns) = (h.div_ceil(stride), w.div_ceil(stride));
        let padding = |size: usize, out: usize| ((out - 1) * stride + 3).saturating_sub(size) / 2;
        let (top, left) = (padding(h, rows), padding(w, columns));
        let mut y = Vec::new();
        for place in 0..rows * columns * outputs {
            let (o, column, row) = (
                place % outputs,
                place / outputs % columns,
                place / outputs / columns,
            );
            let mut sum = 0.0;
            for (ky, kx, i) in (0..9 * c).map(|t| (t / 3 % 3, t % 3, t / 9)) {
                let (ry, rx) = (row * stride + ky, column * stride + kx);
                if ry >= top && rx >= left && ry - top < h && rx - left < w {
                    let pixel = x[((ry - top) * w + rx - left) * c + i];
                    sum += f64::from(pixel) * f64::from(kernel[(o * c + i) * 9 + ky * 3 + kx]);
                }
            }
            y.push(sum);
        }
        y
    }

    pub fn numbers(count: usize) -> Vec<f32> {
        (0..count)
            .map(|i| ((i * 37) % 101) as f32 * 0.02 - 1.0)
            .collect()
    }

    #[test]
    fn unfolding_makes_a_convolution_a_product() {
        for (h, w, stride) in [(6, 4, 1), (6, 4, 2), (5, 7, 2), (1, 1, 1)] {
            let (c, o) = (3, 2);
            let (x, kernel) = (numbers(h * w * c), numbers(o * c * 9));
            let image = Tensor::from_slice(&x, (1, h * w, c), &Device::Cpu).unwrap();
            let weight = Tensor::from_slice(&kernel, (o, c, 3, 3), &Device::Cpu).unwrap();
            let weight = weight.permute((0, 2, 3, 1)).unwrap();
            let weight = weight.reshape((o, 9 * c)).unwrap();
            let y = unfold(&image, (h, w), stride).unwrap().squeeze(0).unwrap();
            let y = y.matmul(&weight.t().unwrap()).unwrap();
            let truth = by_definition(&x, &kernel, (h, w, c), stride);
            let y = y.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_eq!(y.len(), truth.len());
            for (y, truth) in y.iter().zip(truth) {
                assert!((f64::from(*y) - truth).abs() < 1e-5, "{y} against {truth}");
            }
        }
    }
}
