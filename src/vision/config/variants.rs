//! In what models of one family differ: who saved them, and choices of their authors.

use crate::kernels;

/// Who wrote the checkpoint: decides what its tensors are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// timm, and Meta's own DINO files: `blocks.0.attn.qkv.weight`.
    Timm,
    /// transformers' ViT and DeiT: `encoder.layer.0.attention.attention.query.weight`.
    HfVit,
    /// transformers' DINOv2, with or without registers.
    HfDinov2,
    /// The image side of transformers' CLIP.
    HfClip,
    /// The image side of open_clip's CLIP, and OpenAI's names: `visual.transformer.resblocks.0.attn.in_proj_weight`.
    OpenClip,
}

/// The MLP's nonlinearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x Φ(x), with the exact error function.
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluTanh,
    /// x σ(1.702 x), OpenAI's CLIP.
    QuickGelu,
}

impl Activation {
    /// The word used in manifests: `gelu`, `gelu_tanh`, `quick_gelu`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::QuickGelu => "quick_gelu",
        }
    }

    /// The kernel that computes it.
    pub(crate) fn kernel(self) -> kernels::Activation {
        match self {
            Self::Gelu => kernels::Activation::Gelu,
            Self::GeluTanh => kernels::Activation::GeluTanh,
            Self::QuickGelu => kernels::Activation::QuickGelu,
        }
    }
}

/// How the representation is read off the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The class token.
    Token,
    /// The mean of class and distillation token (timm's distilled DeiT averages its two heads).
    TokenPair,
    /// The mean over the patch tokens, prefix tokens left out.
    Mean,
}

/// How position embeddings are brought to another grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// Bicubic with antialiasing, a = -0.5: timm, and transformers' DINOv2 with registers.
    Antialiased,
    /// Bicubic without antialiasing, a = -0.75: transformers' other models.
    Plain,
}
