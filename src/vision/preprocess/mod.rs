//! From an image to what its model was trained on: resize, crop, normalise, exactly as the checkpoint's config says.
//!
//! timm describes it in `pretrained_cfg` and does it with torchvision, as open_clip does; transformers in
//! `preprocessor_config.json`, with its own functions. They differ in details of rounding, which are kept.

mod defaults;
pub(super) mod described;
mod framing;
mod pipeline;

pub use pipeline::Preprocess;
