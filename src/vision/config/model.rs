//! A model's configuration, whatever its family.

use super::maxvit::MaxVitConfig;
use super::swin::{SwinConfig, SwinDialect};
use super::variants::Dialect;
use super::vit::VitConfig;

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
}

/// Stage and block of each block, from the blocks in each stage.
fn places(depths: &[usize]) -> Vec<Place> {
    let stages = (0_u16..).zip(depths);
    stages
        .flat_map(|(stage, depth)| (0..*depth as u16).map(move |block| (stage, block)))
        .collect()
}
