//! The depthwise 3 × 3 convolution: every channel by itself, so there is no matrix product to turn it into.

use candle_core::{Result, Tensor};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

use super::activation::Activation;
use super::buffer::Buffer;
use super::composed;
use super::left::Plain;
use super::panels::Panels;
use super::product::{Finish, product};
use super::taps::Taps;
use super::tensors::{with_all, with_optional};

/// A depthwise convolution and what follows it.
#[derive(Clone, Debug)]
pub struct Depthwise {
    /// A kernel for each channel, taps row by row, `[9, C]`.
    pub weight: Tensor,
    /// Added to every token, `[C]`.
    pub bias: Tensor,
    /// Applied after that.
    pub activation: Option<Activation>,
}

/// Brings `x` `[B, h·w, K]` through a linear layer of C outputs with an activation, then each channel through its own
/// convolution, padded as TensorFlow's "same" does; gives `[B, h'·w', C]`. Of what is between, the widest map of a
/// convolution branch, one image at a time is in memory.
///
/// # Errors
/// When the layers take other widths.
pub fn depthwise(
    x: &Tensor,
    (layer, bias): (&Panels, Option<&Tensor>),
    activation: Option<Activation>,
    convolution: &Depthwise,
    map: (usize, usize),
    stride: usize,
) -> Result<Tensor> {
    let Depthwise {
        weight,
        bias: shift,
        activation: last,
    } = convolution;
    if let Some(weights) = layer.elsewhere() {
        let convolution = (weight, shift, *last);
        return composed::depthwise(x, (weights, bias), activation, convolution, map, stride);
    }
    let (batch, tokens, depth) = x.dims3()?;
    let width = layer.outputs();
    let taps = Taps::new(map, stride);
    let each = taps.output.0 * taps.output.1 * width;
    let mut out = vec![0f32; batch * each];
    with_all([x, weight, shift], |[x, weight, shift]| {
        with_optional(bias, |bias| {
            let mut wide = Buffer::of(tokens * width);
            let images = x
                .chunks_exact(tokens * depth)
                .zip(out.chunks_exact_mut(each));
            for (values, out) in images {
                let finish = Finish { bias, activation };
                product(&Plain { values, depth }, layer, 0..width, finish, &mut wide);
                let rows = out.par_chunks_mut(taps.output.1 * width).enumerate();
                rows.for_each(|(row, out)| {
                    Arch::new().dispatch(Row {
                        out,
                        image: &wide,
                        weight,
                        bias: shift,
                        activation: *last,
                        row,
                        taps,
                    });
                });
            }
        })
    })??;
    Tensor::from_vec(out, (batch, each / width, width), x.device())
}

/// Channels whose sums and weights are held in registers together.
const CHANNELS: usize = 32;

/// One row of the output map.
struct Row<'a> {
    out: &'a mut [f32],
    image: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    activation: Option<Activation>,
    row: usize,
    taps: Taps,
}

impl NullaryFnOnce for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let width = self.bias.len();
        for first in (0..width / CHANNELS * CHANNELS).step_by(CHANNELS) {
            self.channels::<CHANNELS>(first);
        }
        for first in width / CHANNELS * CHANNELS..width {
            self.channels::<1>(first);
        }
        if let Some(activation) = self.activation {
            activation.apply_all(self.out);
        }
    }
}

impl Row<'_> {
    /// `N` channels from `first` on.
    #[inline(always)]
    fn channels<const N: usize>(&mut self, first: usize) {
        let width = self.bias.len();
        let own = |numbers: &[f32], row: usize| -> [f32; N] {
            let numbers = &numbers[row * width + first..][..N];
            numbers.try_into().expect("as many as were cut")
        };
        let weights: [[f32; N]; 9] = std::array::from_fn(|tap| own(self.weight, tap));
        let bias = own(self.bias, 0);
        for column in 0..self.taps.output.1 {
            let mut sums = bias;
            for (tap, weights) in weights.iter().enumerate() {
                if let Some(token) = self.taps.under(tap, self.row, column) {
                    let seen = own(self.image, token);
                    for i in 0..N {
                        sums[i] = seen[i].mul_add(weights[i], sums[i]);
                    }
                }
            }
            self.out[column * width + first..][..N].copy_from_slice(&sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Numbers;
    use super::super::tests::definitions::convolution as by_definition;
    use super::super::tests::{here_and_elsewhere, numbers};
    use super::*;
    use candle_core::{DType, Device};

    #[test]
    fn each_channel_is_convolved_by_itself() {
        for (h, w, stride) in [(6, 4, 1), (6, 4, 2), (5, 7, 2)] {
            let c = 37;
            let (x, kernel) = (numbers(2 * h * w * c), numbers(9 * c));
            let images = Tensor::from_slice(&x, (2, h * w, c), &Device::Cpu).unwrap();
            let weight = Tensor::from_slice(&kernel, (9, c), &Device::Cpu).unwrap();
            let same = Tensor::eye(c, DType::F32, &Device::Cpu).unwrap();
            let convolution = Depthwise {
                bias: Tensor::zeros(c, DType::F32, &Device::Cpu).unwrap(),
                weight,
                activation: None,
            };
            let convolved = || {
                let layer = Panels::pack(&same, Numbers::F32)?;
                depthwise(&images, (&layer, None), None, &convolution, (h, w), stride)
            };
            for y in here_and_elsewhere(convolved) {
                let y = y.unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
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
}
