//! CLIP's text transformer, from token numbers to a state for every token.
//!
//! OpenAI's weights (QuickGELU) run through candle-transformers. Its CLIP knows no other nonlinearity, and its open_clip
//! text model lacks the causal mask, so that weights trained with the exact GELU (LAION's) need the tower written here.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::{Embedding, LayerNorm, Linear, Module, VarBuilder};
use candle_transformers::models::clip::text_model as openai;

use crate::vision::config::Activation;
use crate::vision::error::CheckpointError;

/// The text tower's sizes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TowerConfig {
    pub(super) vocabulary: usize,
    pub(super) width: usize,
    pub(super) mlp_width: usize,
    pub(super) context: usize,
    pub(super) depth: usize,
    pub(super) heads: usize,
    pub(super) activation: Activation,
    pub(super) eps: f64,
}

impl TowerConfig {
    /// Refuses sizes that fit no tower; `path` is the file that gave them.
    pub(super) fn checked(self, path: &Path) -> Result<Self, CheckpointError> {
        let divides = self.heads > 0 && self.width > 0 && self.width.is_multiple_of(self.heads);
        if divides && self.depth <= 1000 {
            return Ok(self);
        }
        let reason = format!(
            "a text tower of {} blocks, {} wide, with {} heads can't be",
            self.depth, self.width, self.heads
        );
        Err(CheckpointError::config(path, reason))
    }

    /// Names and shapes of the tower's tensors, as transformers saves them under `text_model.`.
    pub(super) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (width, hidden) = (self.width, self.mlp_width);
        let mut tensors = vec![
            (
                "embeddings.token_embedding.weight".to_owned(),
                vec![self.vocabulary, width],
            ),
            (
                "embeddings.position_embedding.weight".to_owned(),
                vec![self.context, width],
            ),
        ];
        let mut layer = |name: &str, weight: Vec<usize>| {
            tensors.push((format!("{name}.bias"), vec![weight[0]]));
            tensors.push((format!("{name}.weight"), weight));
        };
        layer("final_layer_norm", vec![width]);
        for block in 0..self.depth {
            let stem = format!("encoder.layers.{block}");
            for norm in ["layer_norm1", "layer_norm2"] {
                layer(&format!("{stem}.{norm}"), vec![width]);
            }
            for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                layer(&format!("{stem}.self_attn.{part}"), vec![width, width]);
            }
            layer(&format!("{stem}.mlp.fc1"), vec![hidden, width]);
            layer(&format!("{stem}.mlp.fc2"), vec![width, hidden]);
        }
        tensors
    }
}

/// A text tower.
pub(super) enum Tower {
    /// QuickGELU and an eps of 1e-5: candle-transformers' own.
    OpenAi(openai::ClipTextTransformer),
    /// Any other.
    General(General),
}

impl Tower {
    /// Builds it from its tensors, named as [`TowerConfig::tensors`] names them.
    pub(super) fn new(
        config: &TowerConfig,
        tensors: HashMap<String, Tensor>,
    ) -> candle_core::Result<Self> {
        let vars = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        if config.activation != Activation::QuickGelu || config.eps != 1e-5 {
            return Ok(Self::General(General::new(config, &vars)?));
        }
        let config = openai::ClipTextConfig {
            vocab_size: config.vocabulary,
            embed_dim: config.width,
            activation: openai::Activation::QuickGelu,
            intermediate_size: config.mlp_width,
            max_position_embeddings: config.context,
            pad_with: None,
            num_hidden_layers: config.depth,
            num_attention_heads: config.heads,
            projection_dim: config.width,
        };
        Ok(Self::OpenAi(openai::ClipTextTransformer::new(
            vars, &config,
        )?))
    }

    /// The state of every token, final norm applied: `[B, L]` to `[B, L, D]`.
    pub(super) fn states(&self, ids: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            // its `Module::forward` would read the largest token number as the end of the text, which holds for
            // OpenAI's vocabulary alone; padding after the end needs no mask, attention being causal
            Self::OpenAi(tower) => tower.forward_with_mask(ids, usize::MAX),
            Self::General(tower) => tower.states(ids),
        }
    }
}

/// A text tower with any of the known nonlinearities.
pub(super) struct General {
    tokens: Embedding,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

struct Block {
    norm1: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
    activation: Activation,
}

impl General {
    fn new(config: &TowerConfig, vars: &VarBuilder) -> candle_core::Result<Self> {
        let (width, hidden, eps) = (config.width, config.mlp_width, config.eps);
        let embeddings = vars.pp("embeddings");
        let block = |block: usize| {
            let vars = vars.pp(format!("encoder.layers.{block}"));
            let attention = vars.pp("self_attn");
            Ok(Block {
                norm1: candle_nn::layer_norm(width, eps, vars.pp("layer_norm1"))?,
                query: candle_nn::linear(width, width, attention.pp("q_proj"))?,
                key: candle_nn::linear(width, width, attention.pp("k_proj"))?,
                value: candle_nn::linear(width, width, attention.pp("v_proj"))?,
                out: candle_nn::linear(width, width, attention.pp("out_proj"))?,
                norm2: candle_nn::layer_norm(width, eps, vars.pp("layer_norm2"))?,
                fc1: candle_nn::linear(width, hidden, vars.pp("mlp.fc1"))?,
                fc2: candle_nn::linear(hidden, width, vars.pp("mlp.fc2"))?,
                heads: config.heads,
                activation: config.activation,
            })
        };
        Ok(Self {
            tokens: candle_nn::embedding(
                config.vocabulary,
                width,
                embeddings.pp("token_embedding"),
            )?,
            positions: embeddings
                .pp("position_embedding")
                .get((config.context, width), "weight")?,
            blocks: (0..config.depth)
                .map(block)
                .collect::<candle_core::Result<_>>()?,
            norm: candle_nn::layer_norm(width, eps, vars.pp("final_layer_norm"))?,
        })
    }

    fn states(&self, ids: &Tensor) -> candle_core::Result<Tensor> {
        let length = ids.dim(1)?;
        let positions = self.positions.narrow(0, 0, length)?;
        let mut states = self.tokens.forward(ids)?.broadcast_add(&positions)?;
        let mask = causal_mask(length)?;
        for block in &self.blocks {
            states = (&states + block.attend(&block.norm1.forward(&states)?, &mask)?)?;
            let hidden = block.fc1.forward(&block.norm2.forward(&states)?)?;
            states = (&states + block.fc2.forward(&activate(block.activation, &hidden)?)?)?;
        }
        self.norm.forward(&states)
    }
}

impl Block {
    /// Attention over what came before, `[B, L, D]`.
    fn attend(&self, states: &Tensor, mask: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, length, width) = states.dims3()?;
        let head_width = width / self.heads;
        let split = |part: Tensor| {
            part.reshape((batch, length, self.heads, head_width))?
                .transpose(1, 2)?
                .contiguous()
        };
        let query = split((self.query.forward(states)? / (head_width as f64).sqrt())?)?;
        let key = split(self.key.forward(states)?)?;
        let value = split(self.value.forward(states)?)?;
        let scores = query.matmul(&key.t()?)?.broadcast_add(mask)?;
        let mixed = candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&value)?;
        self.out
            .forward(&mixed.transpose(1, 2)?.reshape((batch, length, width))?)
    }
}

/// Minus infinity wherever a token would look ahead, `[L, L]`.
fn causal_mask(length: usize) -> candle_core::Result<Tensor> {
    let cell = |place: usize| {
        let ahead = place % length > place / length;
        if ahead { f32::NEG_INFINITY } else { 0.0 }
    };
    Tensor::from_vec(
        (0..length * length).map(cell).collect(),
        (length, length),
        &Device::Cpu,
    )
}

/// The nonlinearity. candle's plain `gelu` is the tanh form.
fn activate(activation: Activation, hidden: &Tensor) -> candle_core::Result<Tensor> {
    match activation {
        Activation::Gelu => hidden.gelu_erf(),
        Activation::GeluTanh => hidden.gelu(),
        Activation::QuickGelu => hidden * candle_nn::ops::sigmoid(&(hidden * 1.702)?)?,
    }
}
