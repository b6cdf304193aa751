//! What a Vision Transformer has learnt, whoever saved it.

use candle_core::Tensor;

use crate::vision::layer_weights::{Linear, Norm};

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

/// All tensors of a Vision Transformer, in f32, of the shapes that its [`VitConfig`](crate::vision::config::VitConfig) asks for.
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
