//! transformers' `config.json`, with the defaults of its `configuration_*.py` for fields that a file leaves out.

use serde_json::Value;

use super::model::{Family, ModelConfig};
use super::refusals::unknown;
use super::swin::{SwinConfig, SwinDialect};
use super::variants::{Activation, Dialect, Pool, Resampling};
use super::vit::VitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// Reads a transformers config; `input` is the image size that preprocessing makes, where it is known.
pub(super) fn read(
    root: Object<'_>,
    input: Option<(usize, usize)>,
) -> Result<ModelConfig, CheckpointError> {
    let model_type = root.text("model_type")?.unwrap_or_default();
    match root.count("num_channels")? {
        None | Some(3) => {}
        Some(other) => {
            let reason = format!("images with {other} channels are not read; 3 would be");
            return Err(CheckpointError::config(root.path(), reason));
        }
    }
    let family = match model_type {
        "swin" => Family::Swin(swin(root, model_type, input)?),
        _ => Family::Vit(plain_or_clip(root, model_type, input)?),
    };
    let mut config = ModelConfig {
        family,
        labels: Vec::new(),
    };
    if config.classes() > 0 {
        config.labels = labels(root, config.classes())?;
    }
    Ok(config)
}

/// Reads the config of a Vision Transformer, CLIP's among them.
fn plain_or_clip(
    root: Object<'_>,
    model_type: &str,
    input: Option<(usize, usize)>,
) -> Result<VitConfig, CheckpointError> {
    let mut config = match model_type {
        "vit" | "deit" => vit(root, model_type)?,
        "dinov2" | "dinov2_with_registers" => dinov2(root, model_type)?,
        "clip" => {
            let projection = root.count("projection_dim")?.unwrap_or(512);
            clip(root.object("vision_config")?, model_type, Some(projection))?
        }
        "clip_vision_model" => {
            let width = root.count("projection_dim")?.unwrap_or(512);
            clip(
                root,
                model_type,
                is_a(root, "WithProjection").then_some(width),
            )?
        }
        other => return Err(unknown(root.path(), other)),
    };
    if let Some(input) = input {
        config.image = input;
    }
    config.check(root.path())
}

/// A Swin Transformer.
fn swin(
    root: Object<'_>,
    name: &str,
    input: Option<(usize, usize)>,
) -> Result<SwinConfig, CheckpointError> {
    if root.flag("use_absolute_embeddings")? == Some(true) {
        let reason = "use_absolute_embeddings = true is not read; false would be";
        return Err(CheckpointError::config(root.path(), reason));
    }
    let depths = root.counts("depths")?.unwrap_or_else(|| vec![2, 2, 6, 2]);
    let width = root.count("embed_dim")?.unwrap_or(96);
    let classes = if is_a(root, "ForImageClassification") {
        class_count(root)?
    } else {
        0
    };
    let config = SwinConfig {
        name: name.to_owned(),
        dialect: SwinDialect::Transformers,
        image: match input {
            Some(image) => image,
            None => root.size("image_size")?.unwrap_or((224, 224)),
        },
        patch: root.size("patch_size")?.unwrap_or((4, 4)),
        widths: (0..depths.len().min(16)).map(|s| width << s).collect(),
        depths,
        heads: root
            .counts("num_heads")?
            .unwrap_or_else(|| vec![3, 6, 12, 24]),
        window: root.size("window_size")?.unwrap_or((7, 7)),
        mlp_ratio: root.number("mlp_ratio")?.unwrap_or(4.0),
        qkv_bias: root.flag("qkv_bias")?.unwrap_or(true),
        eps: root.number("layer_norm_eps")?.unwrap_or(1e-5),
        activation: activation(root, "gelu")?,
        classes,
    };
    config.check(root.path())
}

/// ViT and DeiT: the same but for the distillation token.
fn vit(root: Object<'_>, name: &str) -> Result<VitConfig, CheckpointError> {
    let distilled = name == "deit";
    // only the pair of heads averages both tokens; the plain classifier reads the class token alone
    let pool = if is_a(root, "WithTeacher") {
        Pool::TokenPair
    } else {
        Pool::Token
    };
    let classes = if is_a(root, "ForImageClassification") {
        class_count(root)?
    } else {
        0
    };
    Ok(VitConfig {
        name: name.to_owned(),
        dialect: Dialect::HfVit,
        mlp_width: root.count("intermediate_size")?.unwrap_or(3072),
        eps: root.number("layer_norm_eps")?.unwrap_or(1e-12),
        distilled,
        positioned_prefix: 1 + usize::from(distilled),
        pool,
        classes,
        ..plain(root, 224, 16)?
    })
}

/// DINOv2, whose MLP width is a multiple of its width and whose branches are scaled.
fn dinov2(root: Object<'_>, name: &str) -> Result<VitConfig, CheckpointError> {
    if root.flag("use_swiglu_ffn")? == Some(true) {
        let reason =
            "use_swiglu_ffn = true (the giant DINOv2's gated MLP) is not read; false would be";
        return Err(CheckpointError::config(root.path(), reason));
    }
    let with_registers = name == "dinov2_with_registers";
    let base = plain(root, 224, if with_registers { 16 } else { 14 })?;
    let registers = if with_registers {
        root.count("num_register_tokens")?.unwrap_or(4)
    } else {
        0
    };
    Ok(VitConfig {
        name: name.to_owned(),
        dialect: Dialect::HfDinov2,
        mlp_width: (base.width as f64 * root.number("mlp_ratio")?.unwrap_or(4.0)) as usize,
        eps: root.number("layer_norm_eps")?.unwrap_or(1e-6),
        registers,
        layer_scale: true,
        resampling: if with_registers {
            Resampling::Antialiased
        } else {
            Resampling::Plain
        },
        ..base
    })
}

/// CLIP's image side; `projection` is the width of the space it shares with texts.
fn clip(
    vision: Object<'_>,
    name: &str,
    projection: Option<usize>,
) -> Result<VitConfig, CheckpointError> {
    Ok(VitConfig {
        name: name.to_owned(),
        dialect: Dialect::HfClip,
        mlp_width: vision.count("intermediate_size")?.unwrap_or(3072),
        eps: vision.number("layer_norm_eps")?.unwrap_or(1e-5),
        activation: activation(vision, "quick_gelu")?,
        patch_bias: false,
        pre_norm: true,
        qkv_bias: true,
        projection,
        normalised: projection.is_some(),
        ..plain(vision, 224, 32)?
    })
}

/// What all of transformers' Vision Transformers share.
fn plain(root: Object<'_>, image: usize, patch: usize) -> Result<VitConfig, CheckpointError> {
    Ok(VitConfig {
        name: String::new(),
        dialect: Dialect::HfVit,
        width: root.count("hidden_size")?.unwrap_or(768),
        depth: root.count("num_hidden_layers")?.unwrap_or(12),
        heads: root.count("num_attention_heads")?.unwrap_or(12),
        mlp_width: 0,
        image: root.size("image_size")?.unwrap_or((image, image)),
        patch: root.size("patch_size")?.unwrap_or((patch, patch)),
        eps: 0.0,
        activation: activation(root, "gelu")?,
        class_token: true,
        distilled: false,
        registers: 0,
        positioned_prefix: 1,
        resampling: Resampling::Plain,
        patch_bias: true,
        pre_norm: false,
        qkv_bias: root.flag("qkv_bias")?.unwrap_or(true),
        layer_scale: false,
        final_norm: true,
        pool: Pool::Token,
        norm_after_pool: false,
        projection: None,
        normalised: false,
        classes: 0,
    })
}

/// transformers' names of nonlinearities (`activations.py`); several stand for the tanh form.
pub(crate) fn activation(root: Object<'_>, otherwise: &str) -> Result<Activation, CheckpointError> {
    match root.text("hidden_act")?.unwrap_or(otherwise) {
        "gelu" | "gelu_python" => Ok(Activation::Gelu),
        "gelu_pytorch_tanh" | "gelu_new" | "gelu_fast" | "gelu_python_tanh" => {
            Ok(Activation::GeluTanh)
        }
        "quick_gelu" => Ok(Activation::QuickGelu),
        other => Err(CheckpointError::config(
            root.path(),
            format!(
                "{} = {other} is not read; gelu, gelu_new or quick_gelu would be",
                root.name("hidden_act")
            ),
        )),
    }
}

/// Whether the model was saved from a class with `part` in its name.
fn is_a(root: Object<'_>, part: &str) -> bool {
    let architectures = root.get("architectures").and_then(Value::as_array);
    let mut names = architectures
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    names.any(|name| name.contains(part))
}

/// How many classes: those named, else `num_labels`, else transformers' default of two.
fn class_count(root: Object<'_>) -> Result<usize, CheckpointError> {
    match root.object("id2label")?.entries().count() {
        0 => Ok(root.count("num_labels")?.unwrap_or(2)),
        named => Ok(named),
    }
}

/// Names of the classes from `id2label`; none where one is missing.
fn labels(root: Object<'_>, classes: usize) -> Result<Vec<String>, CheckpointError> {
    let names = root.object("id2label")?;
    let name = |class: usize| names.get(&class.to_string())?.as_str().map(str::to_owned);
    Ok((0..classes)
        .map(name)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default())
}
