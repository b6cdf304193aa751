//! The plain vision transformer: ViT, DeiT, DINO, DINOv2 and CLIP's image tower are settings of this one forward pass.

use candle_core::{Device, Result, Tensor};

use super::config::{Pool, VitConfig};
use super::patches::patches;
use super::vit_weights::{BlockWeights, Norm, VitWeights};
use crate::decompose::{Attention, Linear, Mlp, Model, Reads, Signal, Trace};
use crate::kernels::{LayerNorm, Numbers};

/// A plain vision transformer with its weights.
pub struct Vit {
    config: VitConfig,
    patch: Linear,
    /// Class, distillation and register tokens, `[P, D]`.
    prefix: Option<Tensor>,
    /// Position embedding of all tokens, `[T, D]`.
    position: Tensor,
    pre_norm: Option<LayerNorm>,
    blocks: Vec<Block>,
    norm: Option<LayerNorm>,
    projection: Option<Linear>,
}

struct Block {
    norm1: LayerNorm,
    attention: Attention,
    scale1: Option<Tensor>,
    norm2: LayerNorm,
    mlp: Mlp,
    scale2: Option<Tensor>,
}

impl Vit {
    /// Assembles the model from weights whose shapes were checked when they were taken. Its linear layers multiply
    /// `numbers`, but for those between components, which multiply f32.
    ///
    /// # Errors
    /// When this machine does not multiply such numbers, or the tensor library's.
    pub fn new(config: VitConfig, weights: VitWeights, numbers: Numbers) -> Result<Self> {
        let prefix = prefix_tokens(&weights)?;
        let norm = |norm: Norm| norm.layer(config.eps);
        let blocks = weights
            .blocks
            .into_iter()
            .map(|block| Block::new(&config, block, numbers));
        Ok(Self {
            patch: weights.patch.layer(numbers)?,
            prefix,
            position: weights.position,
            pre_norm: weights.pre_norm.map(norm),
            blocks: blocks.collect::<Result<_>>()?,
            norm: weights.norm.map(norm),
            projection: weights
                .projection
                .map(|weight| Linear::new(&weight, None))
                .transpose()?,
            config,
        })
    }

    /// Pixels `[B, 3, H, W]` to embedded tokens `[B, T, D]`.
    fn embed(&self, pixels: &Tensor) -> Result<Tensor> {
        let patches = self.patch.forward(&patches(pixels, self.config.patch)?)?;
        let tokens = match &self.prefix {
            Some(prefix) => {
                let (count, width) = prefix.dims2()?;
                let prefix = prefix.broadcast_as((pixels.dim(0)?, count, width))?;
                Tensor::cat(&[&prefix, &patches], 1)?
            }
            None => patches,
        };
        let tokens = tokens.broadcast_add(&self.position)?;
        match &self.pre_norm {
            Some(norm) => Ok(norm.forward(&tokens)?.value),
            None => Ok(tokens),
        }
    }

    /// How much each read token counts in the representation.
    fn pooling(&self) -> Vec<f32> {
        let (prefix, tokens) = (self.config.prefix_tokens(), self.config.tokens());
        match self.config.pool {
            Pool::Token => vec![1.0],
            Pool::TokenPair => vec![0.5, 0.5],
            Pool::Mean => {
                let share = 1.0 / (tokens - prefix) as f32;
                (0..tokens)
                    .map(|token| if token < prefix { 0.0 } else { share })
                    .collect()
            }
        }
    }

    /// From the residual stream after the last block to the representation.
    fn read(&self, x: &Signal, trace: &mut Trace) -> Result<Signal> {
        let pooling = self.pooling();
        let mut z = match &self.norm {
            Some(norm) if self.config.norm_after_pool => {
                let pooled = trace.pool(x, &pooling)?;
                trace.layer_norm(&pooled, norm)?
            }
            Some(norm) => {
                let normed = trace.layer_norm(x, norm)?;
                trace.pool(&normed, &pooling)?
            }
            None => trace.pool(x, &pooling)?,
        };
        if let Some(projection) = &self.projection {
            z = trace.linear(&z, projection)?;
        }
        if self.config.normalised {
            z = trace.normalize(&z)?;
        }
        Ok(z)
    }
}

impl Model for Vit {
    fn image_size(&self) -> (usize, usize) {
        self.config.image
    }

    fn reads(&self) -> Reads {
        match self.config.pool {
            Pool::Token => Reads::First(1),
            Pool::TokenPair => Reads::First(2),
            Pool::Mean => Reads::All,
        }
    }

    fn special_tokens(&self) -> usize {
        self.config.prefix_tokens()
    }

    fn device(&self) -> Device {
        self.position.device().clone()
    }

    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> Result<Signal> {
        let mut x = trace.embedded(self.embed(pixels)?)?;
        for (layer, block) in self.blocks.iter().enumerate() {
            x = block.forward(x, trace, layer, layer + 1 == self.blocks.len())?;
        }
        self.read(&x, trace)
    }
}

impl Block {
    fn new(config: &VitConfig, weights: BlockWeights, numbers: Numbers) -> Result<Self> {
        Ok(Self {
            norm1: weights.norm1.layer(config.eps),
            attention: Attention {
                qkv: weights.qkv.layer(numbers)?,
                out: weights.proj.layer(numbers)?,
                heads: config.heads,
                groups: None,
            },
            scale1: weights.scale1,
            norm2: weights.norm2.layer(config.eps),
            mlp: Mlp {
                up: weights.fc1.layer(numbers)?,
                activation: config.activation.kernel(),
                out: weights.fc2.layer(numbers)?,
            },
            scale2: weights.scale2,
        })
    }

    /// Both residual branches. In the `last` block only the read tokens go on.
    fn forward(&self, x: Signal, trace: &mut Trace, layer: usize, last: bool) -> Result<Signal> {
        let normed = trace.layer_norm(&x, &self.norm1)?;
        let branch = trace.attention(&normed, &self.attention, layer, last)?;
        let branch = scaled(branch, self.scale1.as_ref(), trace)?;
        let x = if last { trace.narrow_to_read(&x)? } else { x };
        let x = trace.add(x, &branch)?;
        let normed = trace.layer_norm(&x, &self.norm2)?;
        let branch = trace.mlp(&normed, &self.mlp, layer)?;
        let branch = scaled(branch, self.scale2.as_ref(), trace)?;
        trace.add(x, &branch)
    }
}

fn scaled(branch: Signal, scale: Option<&Tensor>, trace: &mut Trace) -> Result<Signal> {
    match scale {
        Some(scale) => trace.scale(branch, scale),
        None => Ok(branch),
    }
}

/// Class, distillation and register tokens side by side, `[P, D]`.
fn prefix_tokens(weights: &VitWeights) -> Result<Option<Tensor>> {
    let mut tokens = Vec::new();
    for token in [&weights.cls, &weights.dist].into_iter().flatten() {
        tokens.push(token.unsqueeze(0)?);
    }
    tokens.extend(weights.registers.clone());
    if tokens.is_empty() {
        Ok(None)
    } else {
        Tensor::cat(&tokens, 0).map(Some)
    }
}
