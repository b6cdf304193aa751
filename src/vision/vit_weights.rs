//! A Vision Transformer's tensors under one naming, whoever saved them.
//!
//! Shapes are PyTorch's: a linear layer's weight is `[out, in]`. Queries, keys and values come as one `[3D, D]`, in that
//! order; head h owns rows h·d … (h+1)·d of each third.

mod beside;
mod in_memory;
mod names;

use candle_core::Tensor;

use crate::decompose;
use crate::kernels::{LayerNorm, Numbers};
use crate::vision::config::VitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::weights::Weights;
use names::Names;

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

/// One block.
#[derive(Clone, Debug)]
pub struct BlockWeights {
    /// Before attention.
    pub norm1: Norm,
    /// Queries, keys and values: `[3D, D]`, bias `[3D]`.
    pub qkv: Linear,
    /// The heads' output projection: `[D, D]`, bias `[D]`.
    pub proj: Linear,
    /// LayerScale after attention, `[D]`.
    pub scale1: Option<Tensor>,
    /// Before the MLP.
    pub norm2: Norm,
    /// Into the MLP: `[M, D]`, bias `[M]`.
    pub fc1: Linear,
    /// Out of the MLP: `[D, M]`, bias `[D]`.
    pub fc2: Linear,
    /// LayerScale after the MLP, `[D]`.
    pub scale2: Option<Tensor>,
}

/// All tensors of a Vision Transformer, in f32, of the shapes that its [`VitConfig`] asks for.
#[derive(Clone, Debug)]
pub struct VitWeights {
    /// Patch embedding: `[D, 3·p·p]`, channels outermost, then rows, then columns; bias `[D]`.
    pub patch: Linear,
    /// Class token, `[D]`.
    pub cls: Option<Tensor>,
    /// Distillation token, `[D]`.
    pub dist: Option<Tensor>,
    /// Register tokens, `[R, D]`.
    pub registers: Option<Tensor>,
    /// What is added to every token, `[T, D]`: brought to the config's grid, zero for tokens without a position.
    pub position: Tensor,
    /// CLIP's norm before the blocks.
    pub pre_norm: Option<Norm>,
    /// The blocks, from the input.
    pub blocks: Vec<BlockWeights>,
    /// The final norm.
    pub norm: Option<Norm>,
    /// CLIP's projection, `[K, D]`.
    pub projection: Option<Tensor>,
    /// The classifier, `[C, D]`, bias `[C]`.
    pub head: Option<Linear>,
    /// The distillation token's own classifier; logits are the mean of both.
    pub head_dist: Option<Linear>,
}

impl VitWeights {
    /// Takes them from `weights`, and makes sure that nothing is missing, superfluous or misshapen.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists everything that doesn't fit `config`.
    pub fn take(config: &VitConfig, mut weights: Weights) -> Result<Self, CheckpointError> {
        weights.rename(|name| in_memory::on_disk(config.dialect, name));
        let names = Names::of(config, &weights);
        let taken = names.take_all(config, &mut weights)?;
        for prefix in names.beside() {
            weights.ignore(&prefix);
        }
        weights.finish(&config.reason())?;
        Ok(taken)
    }
}
