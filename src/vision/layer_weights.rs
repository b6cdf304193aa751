//! The tensors of the layers that all models here are made of.

use candle_core::Tensor;

use crate::decompose;
use crate::kernels::{LayerNorm, Numbers};
use crate::vision::error::CheckpointError;
use crate::vision::weights::Weights;

/// A LayerNorm's scale and shift, `[D]` each.
#[derive(Clone, Debug)]
pub struct Norm {
    /// γ, `[D]`.
    pub weight: Tensor,
    /// β, `[D]`.
    pub bias: Tensor,
}

impl Norm {
    /// Takes `name.weight` and `name.bias`.
    pub(crate) fn take(
        weights: &mut Weights,
        name: &str,
        width: usize,
    ) -> Result<Self, CheckpointError> {
        Ok(Self {
            weight: weights.take(&format!("{name}.weight"), &[width])?,
            bias: weights.take(&format!("{name}.bias"), &[width])?,
        })
    }

    /// The layer that computes it.
    pub(crate) fn layer(self, eps: f64) -> LayerNorm {
        LayerNorm {
            weight: self.weight,
            bias: self.bias,
            eps,
        }
    }
}

/// A linear layer's weights and, where it has one, its bias.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W, `[out, in]`.
    pub weight: Tensor,
    /// b, `[out]`.
    pub bias: Option<Tensor>,
}

impl Linear {
    /// The layer that computes it, by products of `numbers`.
    pub(crate) fn layer(self, numbers: Numbers) -> candle_core::Result<decompose::Linear> {
        decompose::Linear::multiplying(&self.weight, self.bias, numbers)
    }

    /// Takes `name.weight` `[out, in]` and, where there is one, `name.bias`.
    pub(crate) fn take(
        weights: &mut Weights,
        name: &str,
        [out, into]: [usize; 2],
        has_bias: bool,
    ) -> Result<Self, CheckpointError> {
        let weight = weights.take(&format!("{name}.weight"), &[out, into])?;
        let bias = has_bias.then(|| weights.take(&format!("{name}.bias"), &[out]));
        Ok(Self {
            weight,
            bias: bias.transpose()?,
        })
    }

    /// Takes a convolution whose weight `[out, in, h, w]` is flattened, and its bias.
    pub(crate) fn take_flat(
        weights: &mut Weights,
        name: &str,
        kernel: [usize; 4],
    ) -> Result<Self, CheckpointError> {
        let flat = [kernel[0], kernel[1..].iter().product()];
        Ok(Self {
            weight: weights.take_as(&format!("{name}.weight"), &kernel, &flat)?,
            bias: Some(weights.take(&format!("{name}.bias"), &kernel[..1])?),
        })
    }
}
