//! What a checkpoint's configuration says about its model, in one description for all who save checkpoints.
//!
//! Three forms are read: timm's `config.json` (`architecture`, `model_args`, `pretrained_cfg`), transformers' (`model_type`,
//! …) and open_clip's `open_clip_config.json`. What timm leaves to the named architecture is in [`timm`], what the others
//! leave to their defaults in [`transformers`] and [`open_clip`].

mod maxvit;
pub(crate) mod open_clip;
mod swin;
mod timm;
mod transformers;
mod vit;

pub use maxvit::MaxVitConfig;
pub use swin::{SwinConfig, SwinDialect};
pub(crate) use transformers::activation;
pub use vit::VitConfig;

use std::path::Path;
use std::sync::Arc;

use crate::decompose::Model;
use crate::kernels::{self, Numbers};
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::maxvit_weights::MaxVitWeights;
use crate::vision::swin_weights::SwinWeights;
use crate::vision::vit_weights::VitWeights;
use crate::vision::weights::Weights;
use crate::vision::weights::files::is_open_clip;
use crate::vision::{MaxVit, Swin, Vit};

/// The families that can be read, for errors.
pub(crate) const KNOWN_FAMILIES: &str = "Vision Transformers: timm's vit_*, deit_* and deit3_* (with _dinov2, \
     _reg4_dinov2 and _clip), swin_* and maxvit_*_tf_*, and transformers' vit, deit, dinov2, dinov2_with_registers, swin \
     and clip, and open_clip's";

/// A model's description, by family.
#[derive(Clone, Debug, PartialEq)]
pub enum Family {
    /// A plain Vision Transformer.
    Vit(VitConfig),
    /// A Swin Transformer.
    Swin(SwinConfig),
    /// A MaxViT.
    MaxVit(MaxVitConfig),
}

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

/// What a `config.json` holds beside the family's own numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// The model.
    pub family: Family,
    /// Names of the classes, in the classifier's order; empty where the config names none.
    pub labels: Vec<String>,
}

/// Where a layer or a convolution branch sits in a model with stages: the stage, and the block within it.
pub type Place = (u16, u16);

impl ModelConfig {
    /// What the config calls the model: `architecture` or `model_type`.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.family {
            Family::Vit(config) => &config.name,
            Family::Swin(config) => &config.name,
            Family::MaxVit(config) => &config.name,
        }
    }

    /// The word for its family: `vit`, `clip`, `swin`, `maxvit`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.family {
            Family::Vit(_) if self.is_clip() => "clip",
            Family::Vit(_) => "vit",
            Family::Swin(_) => "swin",
            Family::MaxVit(_) => "maxvit",
        }
    }

    /// Height and width of the image that goes in, in pixels.
    #[must_use]
    pub fn image(&self) -> (usize, usize) {
        match &self.family {
            Family::Vit(config) => config.image,
            Family::Swin(config) => config.image,
            Family::MaxVit(config) => config.image,
        }
    }

    /// Classes of the classifier, 0 where there is none.
    #[must_use]
    pub fn classes(&self) -> usize {
        match &self.family {
            Family::Vit(config) => config.classes,
            Family::Swin(config) => config.classes,
            Family::MaxVit(config) => config.classes,
        }
    }

    /// Whether it has a text tower beside it.
    #[must_use]
    pub fn is_clip(&self) -> bool {
        let is_clip = |dialect| matches!(dialect, Dialect::HfClip | Dialect::OpenClip);
        matches!(&self.family, Family::Vit(config) if is_clip(config.dialect))
    }

    /// Whether timm saved it, which keeps preprocessing in the config itself.
    #[must_use]
    pub fn is_timm(&self) -> bool {
        match &self.family {
            Family::Vit(config) => config.dialect == Dialect::Timm,
            Family::Swin(config) => config.dialect == SwinDialect::Timm,
            Family::MaxVit(_) => true,
        }
    }

    /// Whether open_clip saved it, which has a config of its own for both.
    #[must_use]
    pub fn is_open_clip(&self) -> bool {
        matches!(&self.family, Family::Vit(config) if config.dialect == Dialect::OpenClip)
    }

    /// Where each layer sits; none for a model without stages.
    #[must_use]
    pub fn layer_places(&self) -> Vec<Place> {
        match &self.family {
            Family::Vit(_) => Vec::new(),
            Family::Swin(config) => places(&config.depths),
            Family::MaxVit(config) => {
                let blocks = places(&config.depths);
                blocks.into_iter().flat_map(|place| [place; 2]).collect()
            }
        }
    }

    /// Where each convolution branch sits.
    #[must_use]
    pub fn conv_places(&self) -> Vec<Place> {
        match &self.family {
            Family::Vit(_) | Family::Swin(_) => Vec::new(),
            Family::MaxVit(config) => places(&config.depths),
        }
    }

    /// The model with these weights, ready to be decomposed; its linear layers multiply `numbers`.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists every tensor that doesn't fit.
    pub fn model(
        &self,
        weights: Weights,
        numbers: Numbers,
    ) -> Result<Arc<dyn Model>, CheckpointError> {
        Ok(match &self.family {
            Family::Vit(config) => {
                let weights = VitWeights::take(config, weights)?;
                Arc::new(Vit::new(config.clone(), weights, numbers)?)
            }
            Family::Swin(config) => {
                let weights = SwinWeights::take(config, weights)?;
                Arc::new(Swin::new(config.clone(), weights, numbers)?)
            }
            Family::MaxVit(config) => {
                let weights = MaxVitWeights::take(config, weights)?;
                Arc::new(MaxVit::new(config.clone(), weights, numbers)?)
            }
        })
    }
}

/// Stage and block of each block, from the blocks in each stage.
fn places(depths: &[usize]) -> Vec<Place> {
    let stages = (0_u16..).zip(depths);
    stages
        .flat_map(|(stage, depth)| (0..*depth as u16).map(move |block| (stage, block)))
        .collect()
}

/// Refuses a size beyond any model's.
fn at_most(path: &Path, what: &str, found: usize, most: usize) -> Result<(), CheckpointError> {
    if found <= most {
        return Ok(());
    }
    let reason = format!("{found} {what} are more than any model has");
    Err(CheckpointError::config(path, reason))
}

/// Reads `config.json` (or `open_clip_config.json`) in `folder`; `input` is the image size that its preprocessing makes, where another file says it.
///
/// # Errors
/// [`CheckpointError`] for a folder without config, a config of another kind or with fields that can't be.
pub fn read(folder: &Path, input: Option<(usize, usize)>) -> Result<ModelConfig, CheckpointError> {
    if !folder.is_dir() {
        return Err(CheckpointError::NotAFolder(folder.to_owned()));
    }
    if is_open_clip(folder) {
        let path = folder.join("open_clip_config.json");
        return open_clip::read(Object::root(&path, &json::read(&path)?));
    }
    let path = folder.join("config.json");
    if !path.is_file() {
        return Err(CheckpointError::NoConfig(folder.to_owned()));
    }
    let map = json::read(&path)?;
    let root = Object::root(&path, &map);
    if root.get("architecture").is_some() {
        timm::read(root)
    } else if root.get("model_type").is_some() {
        transformers::read(root, input)
    } else {
        Err(CheckpointError::config(
            &path,
            "it has neither architecture (timm) nor model_type (transformers), so it doesn't say which model this is",
        ))
    }
}

/// The error for a model of another kind.
fn unknown(path: &Path, name: &str) -> CheckpointError {
    CheckpointError::UnknownArchitecture {
        path: path.to_owned(),
        name: name.to_owned(),
        known: KNOWN_FAMILIES,
    }
}
