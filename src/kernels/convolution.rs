//! 3 × 3 convolutions on maps of tokens, padded as TensorFlow's "same" does, turned into matrix products.

use candle_core::{Result, Tensor};

use super::left::Left;
use super::panels::Panels;
use super::product::{Finish, product};
use super::{Activation, composed, with_optional, with_values};

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

/// A 3 × 3 convolution of `x` `[B, h·w, C]` with its bias and an activation: `[B, h'·w', N]`.
///
/// `layer` `[N, 9·C]` has its taps row by row, channels innermost.
///
/// # Errors
/// When the layer takes another width.
pub fn convolve(
    x: &Tensor,
    (layer, bias): (&Panels, Option<&Tensor>),
    activation: Option<Activation>,
    map: (usize, usize),
    stride: usize,
) -> Result<Tensor> {
    if let Some(weights) = layer.elsewhere() {
        return composed::convolve(x, (weights, bias), activation, map, stride);
    }
    let (batch, _, width) = x.dims3()?;
    let taps = Taps::new(map, stride);
    let (each, outputs) = (taps.output.0 * taps.output.1, layer.outputs());
    let mut out = vec![0f32; batch * each * outputs];
    let padding = vec![0f32; width];
    with_values(x, |values| {
        with_optional(bias, |bias| {
            let seen = Seen {
                values,
                rows: batch * each,
                width,
                taps,
                padding: &padding,
            };
            product(
                &seen,
                layer,
                0..outputs,
                Finish { bias, activation },
                &mut out,
            );
        })
    })??;
    Tensor::from_vec(out, (batch, each, outputs), x.device())
}

/// What the output tokens of a convolution see, each a row `[9·C]`.
struct Seen<'a> {
    values: &'a [f32],
    rows: usize,
    width: usize,
    taps: Taps,
    /// A token of zeros.
    padding: &'a [f32],
}

impl Left for Seen<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn depth(&self) -> usize {
        9 * self.width
    }

    fn piece(&self, row: usize, k: usize) -> &[f32] {
        let ((h, w), (rows, columns)) = (self.taps.input, self.taps.output);
        let (image, row, column) = (row / columns / rows, row / columns % rows, row % columns);
        let (tap, channel) = (k / self.width, k % self.width);
        match self.taps.under(tap, row, column) {
            Some(token) => {
                let start = (image * h * w + token) * self.width;
                &self.values[start + channel..start + self.width]
            }
            None => &self.padding[channel..],
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Numbers;
    use super::super::tests::here_and_elsewhere;
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
    fn follows_the_definition() {
        for (h, w, stride) in [(6, 4, 1), (6, 4, 2), (5, 7, 2), (1, 1, 1)] {
            let (c, o) = (3, 2);
            let (x, kernel) = (numbers(h * w * c), numbers(o * c * 9));
            let image = Tensor::from_slice(&x, (1, h * w, c), &Device::Cpu).unwrap();
            let weight = Tensor::from_slice(&kernel, (o, c, 3, 3), &Device::Cpu).unwrap();
            let weight = weight.permute((0, 2, 3, 1)).unwrap();
            let weight = weight.reshape((o, 9 * c)).unwrap();
            let truth = by_definition(&x, &kernel, (h, w, c), stride);
            let convolved = || {
                let layer = Panels::pack(&weight, Numbers::F32)?;
                convolve(&image, (&layer, None), None, (h, w), stride)
            };
            for y in here_and_elsewhere(convolved) {
                let y = y.unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert_eq!(y.len(), truth.len());
                for (y, truth) in y.iter().zip(&truth) {
                    assert!((f64::from(*y) - truth).abs() < 1e-5, "{y} against {truth}");
                }
            }
        }
    }
}
