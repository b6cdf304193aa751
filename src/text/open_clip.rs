//! open_clip's text side: its configuration and names, brought to the form of transformers'.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Tensor;

use crate::text::tower::TowerConfig;
use crate::vision::config::open_clip;
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::weights::Weights;

/// The text side of the open_clip checkpoint in `folder`: its sizes, its tensors as [`TowerConfig::tensors`] names them,
/// and the projection `[D, K]`.
pub(super) fn read(
    folder: &Path,
) -> Result<(TowerConfig, HashMap<String, Tensor>, Tensor), CheckpointError> {
    let path = folder.join("open_clip_config.json");
    let map = json::read(&path)?;
    let model = Object::root(&path, &map).object("model_cfg")?;
    let text = model.object("text_cfg")?;
    open_clip::check_text(text)?;
    let width = text.count("width")?.unwrap_or(512);
    let config = TowerConfig {
        vocabulary: text.count("vocab_size")?.unwrap_or(49408),
        width,
        mlp_width: (width as f64 * text.number("mlp_ratio")?.unwrap_or(4.0)) as usize,
        context: text.count("context_length")?.unwrap_or(77),
        depth: text.count("layers")?.unwrap_or(12),
        heads: text.count("heads")?.unwrap_or(8),
        activation: open_clip::activation(model)?,
        eps: open_clip::eps(text)?,
    }
    .checked(&path)?;
    let mut weights = Weights::open(folder)?;
    // models whose image side is another library's keep the text side apart
    let prefix = if weights.contains("text.token_embedding.weight") {
        "text."
    } else {
        ""
    };
    let tower = tensors(&config, prefix, &mut weights)?;
    let projection = weights.take(
        &format!("{prefix}text_projection"),
        &[width, open_clip::embedding(model)?],
    )?;
    let attention_mask = format!("{prefix}attn_mask");
    for beside in [
        "visual.",
        "logit_scale",
        "logit_bias",
        attention_mask.as_str(),
    ] {
        weights.ignore(beside);
    }
    weights.finish(
        "taken for the text tower of an open_clip model because of open_clip_config.json",
    )?;
    Ok((config, tower, projection))
}

/// The tower's tensors, queries, keys and values cut apart.
fn tensors(
    config: &TowerConfig,
    prefix: &str,
    weights: &mut Weights,
) -> Result<HashMap<String, Tensor>, CheckpointError> {
    let mut tower = HashMap::new();
    for (name, shape) in config.tensors() {
        if let Some(stem) = name.split_once(".self_attn.q_proj.").map(|(stem, _)| stem)
            && name.ends_with("weight")
        {
            for (end, shape) in [
                ("weight", vec![3 * config.width, config.width]),
                ("bias", vec![3 * config.width]),
            ] {
                let joined = format!("{}.attn.in_proj_{end}", block(prefix, stem));
                let joined = weights.take(&joined, &shape)?;
                for (third, part) in ["q", "k", "v"].into_iter().enumerate() {
                    let part_name = format!("{stem}.self_attn.{part}_proj.{end}");
                    let rows = joined.narrow(0, third * config.width, config.width)?;
                    tower.insert(part_name, rows.contiguous()?);
                }
            }
        } else if !["q_proj", "k_proj", "v_proj"]
            .iter()
            .any(|part| name.contains(part))
        {
            let tensor = weights.take(&named(prefix, &name), &shape)?;
            tower.insert(name, tensor);
        }
    }
    Ok(tower)
}

/// open_clip's name of a tensor that transformers calls `name`.
fn named(prefix: &str, name: &str) -> String {
    let Some((stem, rest)) = name
        .strip_prefix("encoder.layers.")
        .and_then(|rest| rest.split_once('.'))
    else {
        let name = match name {
            "embeddings.token_embedding.weight" => "token_embedding.weight",
            "embeddings.position_embedding.weight" => "positional_embedding",
            "final_layer_norm.weight" => "ln_final.weight",
            _ => "ln_final.bias",
        };
        return format!("{prefix}{name}");
    };
    let rest = rest
        .replace("layer_norm", "ln_")
        .replace("self_attn.", "attn.")
        .replace("mlp.fc1", "mlp.c_fc")
        .replace("mlp.fc2", "mlp.c_proj");
    format!("{prefix}transformer.resblocks.{stem}.{rest}")
}

/// open_clip's name of the block that transformers calls `stem`.
fn block(prefix: &str, stem: &str) -> String {
    stem.replace(
        "encoder.layers.",
        &format!("{prefix}transformer.resblocks."),
    )
}
