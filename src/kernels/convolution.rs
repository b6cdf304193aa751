//! 3 × 3 convolutions on maps of tokens, padded as TensorFlow's "same" does, turned into matrix products.

use candle_core::{Result, Tensor};

use super::activation::Activation;
use super::composed;
use super::left::Left;
use super::panels::Panels;
use super::product::{Finish, product};
use super::taps::Taps;
use super::tensors::{with_optional, with_values};

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
mod tests {
    use super::super::Numbers;
    use super::super::tests::definitions::convolution;
    use super::super::tests::{here_and_elsewhere, numbers};
    use super::*;
    use candle_core::Device;

    #[test]
    fn follows_the_definition() {
        for (h, w, stride) in [(6, 4, 1), (6, 4, 2), (5, 7, 2), (1, 1, 1)] {
            let (c, o) = (3, 2);
            let (x, kernel) = (numbers(h * w * c), numbers(o * c * 9));
            let image = Tensor::from_slice(&x, (1, h * w, c), &Device::Cpu).unwrap();
            let weight = Tensor::from_slice(&kernel, (o, c, 3, 3), &Device::Cpu).unwrap();
            let weight = weight.permute((0, 2, 3, 1)).unwrap();
            let weight = weight.reshape((o, 9 * c)).unwrap();
            let truth = convolution(&x, &kernel, (h, w, c), stride);
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
