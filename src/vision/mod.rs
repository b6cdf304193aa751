//! Checkpoints and images: folders as timm, transformers and open_clip save them become configurations, tensors and preprocessing.

mod build;
pub mod checkpoint;
pub mod config;
pub mod error;
pub mod faults;
pub mod hub;
pub(crate) mod json;
mod layer_weights;
mod maxvit;
pub mod maxvit_weights;
mod patches;
pub mod position;
pub mod preprocess;
pub mod resample;
mod suspicions;
mod swin;
pub mod swin_weights;
mod torch;
mod vit;
pub mod vit_weights;
pub mod weights;
mod windowed;

pub use maxvit::MaxVit;
pub use swin::Swin;
pub use vit::Vit;
