//! What a checkpoint's configuration says about its model, in one description for all who save checkpoints.
//!
//! Three forms are read: timm's `config.json` (`architecture`, `model_args`, `pretrained_cfg`), transformers' (`model_type`,
//! …) and open_clip's `open_clip_config.json`. What timm leaves to the named architecture is in [`timm`], what the others
//! leave to their defaults in [`transformers`] and [`open_clip`].

mod maxvit;
mod model;
pub(crate) mod open_clip;
mod read;
mod refusals;
mod swin;
mod timm;
mod transformers;
mod variants;
mod vit;

pub use maxvit::MaxVitConfig;
pub use model::{Family, ModelConfig, Place};
pub use read::read;
pub use swin::{SwinConfig, SwinDialect};
pub(crate) use transformers::activation;
pub use variants::{Activation, Dialect, Pool, Resampling};
pub use vit::VitConfig;
