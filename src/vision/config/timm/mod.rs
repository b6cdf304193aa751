//! timm's `config.json`: the named architecture's own arguments, overridden by `model_args`.
//!
//! A saved config repeats only what its author changed, so the defaults of each architecture are needed. They follow
//! timm 1.0's naming (`vision_transformer.py`, `deit.py`), which is regular: family, size, patch, variants, image size.

mod arguments;
mod maxvit;
mod staged;
mod swin;
mod vit;

use super::model::{Family, ModelConfig};
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// Reads a timm config.
pub(super) fn read(root: Object<'_>) -> Result<ModelConfig, CheckpointError> {
    let architecture = root.text("architecture")?.unwrap_or_default();
    let family = match architecture.split('_').next() {
        Some("swin") => swin::swin(root, architecture)?,
        Some("maxvit") => maxvit::maxvit(root, architecture)?,
        _ => Family::Vit(vit::vit(root, architecture)?),
    };
    Ok(ModelConfig {
        family,
        labels: root.texts("label_names")?.unwrap_or_default(),
    })
}
