//! open_clip's `open_clip_config.json`, with the defaults of its `CLIPVisionCfg` and `CLIPTextCfg` for fields left out.

use serde_json::Value;

use super::model::{Family, ModelConfig};
use super::refusals::unknown;
use super::variants::{Activation, Dialect, Pool, Resampling};
use super::vit::VitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// Fields of `vision_cfg` that are read below or change nothing in an evaluated model.
const VISION: [&str; 14] = [
    "layers",
    "width",
    "head_width",
    "mlp_ratio",
    "patch_size",
    "image_size",
    "ls_init_value",
    "no_ln_pre",
    "pool_type",
    "norm_kwargs",
    "patch_dropout",
    "output_tokens",
    "attn_pooler_queries",
    "attn_pooler_heads",
];

/// Fields of `text_cfg`, likewise.
const TEXT: [&str; 14] = [
    "context_length",
    "vocab_size",
    "width",
    "heads",
    "layers",
    "mlp_ratio",
    "norm_kwargs",
    "hf_tokenizer_name",
    "tokenizer_mode",
    "tokenizer_kwargs",
    "pad_id",
    "eos_id",
    "output_tokens",
    "pool_type",
];

/// Reads the image side of an open_clip config.
pub(super) fn read(root: Object<'_>) -> Result<ModelConfig, CheckpointError> {
    let model = root.object("model_cfg")?;
    let vision = model.object("vision_cfg")?;
    if let Some(name) = vision.text("timm_model_name")? {
        return Err(unknown(root.path(), name));
    }
    if vision.get("layers").is_some_and(Value::is_array) {
        return Err(unknown(root.path(), "open_clip's modified ResNet"));
    }
    refuse_unread(vision, &VISION)?;
    let width = vision.count("width")?.unwrap_or(768);
    let head_width = vision.count("head_width")?.unwrap_or(64);
    let projection = embedding(model)?;
    let config = VitConfig {
        name: "open_clip".to_owned(),
        dialect: Dialect::OpenClip,
        width,
        depth: vision.count("layers")?.unwrap_or(12),
        heads: width.checked_div(head_width).unwrap_or(0),
        mlp_width: (width as f64 * vision.number("mlp_ratio")?.unwrap_or(4.0)) as usize,
        image: vision.size("image_size")?.unwrap_or((224, 224)),
        patch: vision.size("patch_size")?.unwrap_or((16, 16)),
        eps: eps(vision)?,
        activation: activation(model)?,
        class_token: true,
        distilled: false,
        registers: 0,
        positioned_prefix: 1,
        resampling: Resampling::Antialiased,
        patch_bias: false,
        pre_norm: !vision.flag("no_ln_pre")?.unwrap_or(false),
        qkv_bias: true,
        layer_scale: vision.get("ls_init_value").is_some(),
        final_norm: true,
        pool: pool(vision)?,
        norm_after_pool: false,
        projection: Some(projection),
        normalised: true,
        classes: 0,
    };
    Ok(ModelConfig {
        family: Family::Vit(config.check(root.path())?),
        labels: Vec::new(),
    })
}

/// Width of the space that images and texts share.
pub(crate) fn embedding(model: Object<'_>) -> Result<usize, CheckpointError> {
    model.count("embed_dim")?.ok_or_else(|| {
        CheckpointError::config(
            model.path(),
            "model_cfg.embed_dim is missing, the width of the embeddings",
        )
    })
}

/// OpenAI's weights are QuickGELU's, and `quick_gelu` has to say so; it holds for both towers.
pub(crate) fn activation(model: Object<'_>) -> Result<Activation, CheckpointError> {
    if model.flag("quick_gelu")?.unwrap_or(false) {
        Ok(Activation::QuickGelu)
    } else {
        Ok(Activation::Gelu)
    }
}

/// LayerNorm's eps: torch's, unless the tower's `norm_kwargs` says otherwise.
pub(crate) fn eps(tower: Object<'_>) -> Result<f64, CheckpointError> {
    Ok(tower.object("norm_kwargs")?.number("eps")?.unwrap_or(1e-5))
}

/// Refuses a text tower that isn't the plain one.
pub(crate) fn check_text(text: Object<'_>) -> Result<(), CheckpointError> {
    refuse_unread(text, &TEXT)?;
    match text.text("pool_type")? {
        None | Some("argmax") => Ok(()),
        Some(other) => Err(refuse(text, "pool_type", other, "argmax")),
    }
}

fn pool(vision: Object<'_>) -> Result<Pool, CheckpointError> {
    match vision.text("pool_type")? {
        None | Some("tok") => Ok(Pool::Token),
        Some("avg") => Ok(Pool::Mean),
        Some(other) => Err(refuse(vision, "pool_type", other, "tok or avg")),
    }
}

/// Refuses fields that would change the tower in a way that isn't read.
fn refuse_unread(tower: Object<'_>, known: &[&str]) -> Result<(), CheckpointError> {
    for (key, value) in tower.entries() {
        let usual = match key.as_str() {
            "pos_embed_type" => *value == "learnable",
            "block_type" => *value == "default",
            "proj_type" => *value == "linear",
            // read only for towers that are another library's
            other
                if other.starts_with("timm_")
                    || other.starts_with("hf_") && other != "hf_model_name" =>
            {
                true
            }
            other => known.contains(&other) || *value == Value::Bool(false),
        };
        if !usual {
            let reason = format!(
                "{} = {value} changes the tower into one this version doesn't read",
                tower.name(key)
            );
            return Err(CheckpointError::config(tower.path(), reason));
        }
    }
    Ok(())
}

fn refuse(tower: Object<'_>, key: &str, value: &str, known: &str) -> CheckpointError {
    let reason = format!(
        "{} = {value} is not read; {known} would be",
        tower.name(key)
    );
    CheckpointError::config(tower.path(), reason)
}
