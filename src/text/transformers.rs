//! transformers' text side: its configuration, and its tensors.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Tensor;

use crate::text::tokens::End;
use crate::text::tower::TowerConfig;
use crate::vision::config::activation;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;
use crate::vision::weights::Weights;

/// The end-of-text number of configs written before transformers 4.31, where it was wrong: there the text ends at its
/// largest number (`modeling_clip.py`).
const LEGACY_END: u64 = 2;

/// `text_config`, with the defaults of transformers' `configuration_clip.py`.
pub(super) fn tower_config(text: Object<'_>) -> Result<TowerConfig, CheckpointError> {
    TowerConfig {
        vocabulary: text.count("vocab_size")?.unwrap_or(49408),
        width: text.count("hidden_size")?.unwrap_or(512),
        mlp_width: text.count("intermediate_size")?.unwrap_or(2048),
        context: text.count("max_position_embeddings")?.unwrap_or(77),
        depth: text.count("num_hidden_layers")?.unwrap_or(12),
        heads: text.count("num_attention_heads")?.unwrap_or(8),
        activation: activation(text, "quick_gelu")?,
        eps: text.number("layer_norm_eps")?.unwrap_or(1e-5),
    }
    .checked(text.path())
}

/// The end-of-text token; where a config lists several, the first.
pub(super) fn end_token(text: Object<'_>) -> Result<End, CheckpointError> {
    let listed = text
        .get("eos_token_id")
        .and_then(|value| value.as_array()?.first()?.as_u64());
    let single = if listed.is_none() {
        text.count("eos_token_id")?
    } else {
        None
    };
    let end = listed.or(single.map(|end| end as u64)).unwrap_or(49407);
    if end == LEGACY_END {
        return Ok(End::Largest);
    }
    u32::try_from(end).map(End::Token).map_err(|_| {
        CheckpointError::config(text.path(), format!("eos_token_id = {end} is no token"))
    })
}

/// The tower's tensors without their prefix, and the projection as `[D, K]`.
pub(super) fn tensors(
    folder: &Path,
    config: &TowerConfig,
    width: usize,
) -> Result<(HashMap<String, Tensor>, Tensor), CheckpointError> {
    let mut weights = Weights::open(folder)?;
    let mut tower = HashMap::new();
    for (name, shape) in config.tensors() {
        let tensor = weights.take(&format!("text_model.{name}"), &shape)?;
        tower.insert(name, tensor);
    }
    let projection = weights.take("text_projection.weight", &[width, config.width])?;
    for beside in [
        "vision_model.",
        "visual_projection.",
        "logit_scale",
        "text_model.embeddings.position_ids",
    ] {
        weights.ignore(beside);
    }
    weights.finish("taken for the text tower of a transformers CLIP because config.json says model_type = clip")?;
    Ok((tower, projection.t()?.contiguous()?))
}
