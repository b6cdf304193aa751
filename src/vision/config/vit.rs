//! What describes a plain Vision Transformer, whoever trained it: ViT, DeiT, DINO, DINOv2, CLIP's image tower.

use std::path::Path;

use super::variants::{Activation, Dialect, Pool, Resampling};
use crate::vision::error::CheckpointError;

/// A Vision Transformer. Tokens stand in the order class, distillation, registers, patches (row by row).
#[derive(Clone, Debug, PartialEq)]
pub struct VitConfig {
    /// What the config calls the model: `architecture` or `model_type`.
    pub name: String,
    /// What the tensors are called.
    pub dialect: Dialect,
    /// Width of the residual stream, D.
    pub width: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads in a block.
    pub heads: usize,
    /// Hidden width of the MLPs, M.
    pub mlp_width: usize,
    /// Height and width of the image that goes in, in pixels.
    pub image: (usize, usize),
    /// Height and width of a patch, in pixels.
    pub patch: (usize, usize),
    /// Added to LayerNorm's variance.
    pub eps: f64,
    /// The MLPs' nonlinearity.
    pub activation: Activation,
    /// Whether a class token stands first.
    pub class_token: bool,
    /// Whether a distillation token follows it.
    pub distilled: bool,
    /// Number of register tokens.
    pub registers: usize,
    /// How many of the prefix tokens have a position embedding: all, none (timm's `no_embed_class`), or one
    /// (transformers' registers have none, its class token has).
    pub positioned_prefix: usize,
    /// How position embeddings are brought to another grid.
    pub resampling: Resampling,
    /// Whether the patch embedding has a bias (CLIP's has none).
    pub patch_bias: bool,
    /// CLIP's LayerNorm before the blocks.
    pub pre_norm: bool,
    /// Whether queries, keys and values have a bias.
    pub qkv_bias: bool,
    /// Whether attention and MLP are scaled channel by channel before they are added.
    pub layer_scale: bool,
    /// Whether a LayerNorm follows the last block.
    pub final_norm: bool,
    /// How the representation is read off.
    pub pool: Pool,
    /// The final norm comes after pooling, not before (timm's `fc_norm`).
    pub norm_after_pool: bool,
    /// Width of CLIP's embedding.
    pub projection: Option<usize>,
    /// The representation is divided by its length (CLIP).
    pub normalised: bool,
    /// Classes of the classifier, 0 where there is none.
    pub classes: usize,
}

impl VitConfig {
    /// Patches in a column and in a row.
    #[must_use]
    pub fn grid(&self) -> (usize, usize) {
        (self.image.0 / self.patch.0, self.image.1 / self.patch.1)
    }

    /// Tokens before the patches: class, distillation, registers.
    #[must_use]
    pub fn prefix_tokens(&self) -> usize {
        usize::from(self.class_token) + usize::from(self.distilled) + self.registers
    }

    /// All tokens, T.
    #[must_use]
    pub fn tokens(&self) -> usize {
        let (rows, columns) = self.grid();
        self.prefix_tokens() + rows * columns
    }

    /// Width of a head.
    #[must_use]
    pub fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// Width of the representation, Dz.
    #[must_use]
    pub fn representation(&self) -> usize {
        self.projection.unwrap_or(self.width)
    }

    /// Why the checkpoint is read the way it is, for errors: `a timm ViT because config.json says …`.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.dialect {
            Dialect::Timm => format!(
                "taken for a timm ViT because config.json says architecture = {}",
                self.name
            ),
            Dialect::HfVit | Dialect::HfDinov2 | Dialect::HfClip => format!(
                "taken for a transformers model because config.json says model_type = {}",
                self.name
            ),
            Dialect::OpenClip => {
                "taken for an open_clip model because of open_clip_config.json".to_owned()
            }
        }
    }

    /// Refuses sizes that fit no model.
    pub(super) fn check(self, path: &Path) -> Result<Self, CheckpointError> {
        let wrong = |reason: String| Err(CheckpointError::config(path, reason));
        if self.width == 0 || self.depth == 0 || self.heads == 0 || self.mlp_width == 0 {
            return wrong("width, depth, heads and MLP width have to be at least 1".to_owned());
        }
        let largest = self.width.max(self.mlp_width);
        if self.depth > 1000 || largest > 1 << 20 || self.registers > 1 << 16 {
            return wrong(format!(
                "{} blocks with widths up to {largest} and {} registers are more than any model has",
                self.depth, self.registers
            ));
        }
        if !self.width.is_multiple_of(self.heads) {
            return wrong(format!(
                "a width of {} can't be divided among {} heads",
                self.width, self.heads
            ));
        }
        if self.image.0 < self.patch.0 || self.image.1 < self.patch.1 {
            return wrong(format!(
                "an image of {} × {} pixels holds no patch of {} × {}",
                self.image.0, self.image.1, self.patch.0, self.patch.1
            ));
        }
        if !self.image.0.is_multiple_of(self.patch.0) || !self.image.1.is_multiple_of(self.patch.1)
        {
            return wrong(format!(
                "patches of {} × {} pixels don't tile an image of {} × {}",
                self.patch.0, self.patch.1, self.image.0, self.image.1
            ));
        }
        if self.tokens() > 1 << 16 {
            return wrong(format!(
                "{} tokens are more than any model reads",
                self.tokens()
            ));
        }
        if !(self.eps > 0.0 && self.eps < 1.0) {
            return wrong(format!("a LayerNorm eps of {:?} can't be meant", self.eps));
        }
        if matches!(self.pool, Pool::Token | Pool::TokenPair) && !self.class_token {
            return wrong("the class token is to be read, and the model has none".to_owned());
        }
        Ok(self)
    }
}
