//! timm's Vision Transformers: `vit_*` (vision_transformer.py), `deit_*` and `deit3_*` (deit.py).

use super::arguments::{Arguments, classes, image, refuse};
use crate::vision::config::refusals::unknown;
use crate::vision::config::variants::{Activation, Dialect, Pool, Resampling};
use crate::vision::config::vit::VitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// What an architecture's name alone decides.
struct Named {
    width: usize,
    depth: usize,
    heads: usize,
    mlp_ratio: f64,
    patch: usize,
    eps: f64,
    activation: Activation,
    layer_scale: bool,
    registers: usize,
    distilled: bool,
    pre_norm: bool,
    no_embed_class: bool,
    qkv_bias: bool,
}

/// The arguments of Vision Transformers.
const VIT: Arguments = Arguments {
    read: &[
        "patch_size",
        "embed_dim",
        "depth",
        "num_heads",
        "mlp_ratio",
        "qkv_bias",
        "init_values",
        "class_token",
        "no_embed_class",
        "reg_tokens",
        "pre_norm",
        "final_norm",
        "fc_norm",
        "global_pool",
        "act_layer",
        "in_chans",
        "norm_layer",
    ],
    without_effect: &[],
};

/// Reads the config of a Vision Transformer.
pub(super) fn vit(root: Object<'_>, architecture: &str) -> Result<VitConfig, CheckpointError> {
    let named = by_name(architecture).ok_or_else(|| unknown(root.path(), architecture))?;
    let args = root.object("model_args")?;
    VIT.refuse_others(args)?;

    let pool = pool(args, named.distilled)?;
    let class_token = args.flag("class_token")?.unwrap_or(true);
    let registers = args.count("reg_tokens")?.unwrap_or(named.registers);
    let no_embed_class = args.flag("no_embed_class")?.unwrap_or(named.no_embed_class);
    let prefix = usize::from(class_token) + usize::from(named.distilled) + registers;
    let pre_norm = args.flag("pre_norm")?.unwrap_or(named.pre_norm);
    let width = args.count("embed_dim")?.unwrap_or(named.width);
    let mlp_ratio = args.number("mlp_ratio")?.unwrap_or(named.mlp_ratio);
    let has_scale = args.get("init_values").is_some() || named.layer_scale;
    let config = VitConfig {
        name: architecture.to_owned(),
        dialect: Dialect::Timm,
        width,
        depth: args.count("depth")?.unwrap_or(named.depth),
        heads: args.count("num_heads")?.unwrap_or(named.heads),
        // Python truncates the product, timm.layers.mlp.Mlp takes it as it is
        mlp_width: (width as f64 * mlp_ratio) as usize,
        image: image(root, args, 224)?,
        patch: args
            .size("patch_size")?
            .unwrap_or((named.patch, named.patch)),
        eps: named.eps,
        activation: activation(args, named.activation)?,
        class_token,
        distilled: named.distilled,
        registers,
        positioned_prefix: if no_embed_class { 0 } else { prefix },
        resampling: Resampling::Antialiased,
        patch_bias: !pre_norm,
        pre_norm,
        qkv_bias: args.flag("qkv_bias")?.unwrap_or(named.qkv_bias),
        layer_scale: has_scale,
        final_norm: args.flag("final_norm")?.unwrap_or(true),
        pool,
        norm_after_pool: args.flag("fc_norm")?.unwrap_or(pool == Pool::Mean),
        projection: None,
        normalised: false,
        classes: classes(root, args)?,
    };
    config.check(root.path())
}

/// The entry of timm's model list: its defaults, or `None` for an architecture of another kind.
fn by_name(architecture: &str) -> Option<Named> {
    let untagged = architecture.split('.').next()?;
    let mut words = untagged.split('_');
    let family = words.next()?;
    let (width, depth, heads, mlp_ratio) = size(words.next()?)?;
    let mut named = Named {
        width,
        depth,
        heads,
        mlp_ratio,
        patch: 0,
        eps: 1e-6,
        activation: Activation::Gelu,
        layer_scale: family == "deit3",
        registers: 0,
        distilled: false,
        pre_norm: false,
        no_embed_class: family == "deit3",
        qkv_bias: true,
    };
    if !matches!(family, "vit" | "deit" | "deit3") {
        return None;
    }
    for word in words {
        match word {
            "distilled" if family == "deit" => named.distilled = true,
            "clip" if family == "vit" => {
                named.pre_norm = true;
                named.eps = 1e-5;
            }
            "quickgelu" if named.pre_norm => named.activation = Activation::QuickGelu,
            // the giant one has a gated MLP
            "dinov2" if family == "vit" && !untagged.contains("_giant_") => {
                named.layer_scale = true
            }
            "reg4" if untagged.ends_with("_dinov2") => {
                named.registers = 4;
                named.no_embed_class = true;
            }
            "miil" => named.qkv_bias = false,
            _ => match word.strip_prefix("patch") {
                Some(patch) => named.patch = patch.parse().ok()?,
                None => drop(word.parse::<usize>().ok()?),
            },
        }
    }
    (named.patch > 0).then_some(named)
}

/// Width, depth, heads and MLP ratio of a size word.
fn size(word: &str) -> Option<(usize, usize, usize, f64)> {
    Some(match word {
        "tiny" => (192, 12, 3, 4.0),
        "xsmall" => (256, 10, 4, 4.0),
        "small" => (384, 12, 6, 4.0),
        "medium" => (512, 12, 8, 4.0),
        "betwixt" => (640, 12, 10, 4.0),
        "base" => (768, 12, 12, 4.0),
        "large" => (1024, 24, 16, 4.0),
        "huge" => (1280, 32, 16, 4.0),
        "giant" => (1408, 40, 16, 48.0 / 11.0),
        "gigantic" => (1664, 48, 16, 64.0 / 13.0),
        _ => return None,
    })
}

/// How the representation is pooled.
fn pool(args: Object<'_>, distilled: bool) -> Result<Pool, CheckpointError> {
    match args.text("global_pool")? {
        None | Some("token") if distilled => Ok(Pool::TokenPair),
        None | Some("token") => Ok(Pool::Token),
        Some("avg") => Ok(Pool::Mean),
        Some(other) => Err(refuse(args, "global_pool", other, "token or avg")),
    }
}

/// The MLPs' nonlinearity.
fn activation(args: Object<'_>, named: Activation) -> Result<Activation, CheckpointError> {
    match args.text("act_layer")? {
        None => Ok(named),
        Some("gelu") => Ok(Activation::Gelu),
        Some("gelu_tanh") => Ok(Activation::GeluTanh),
        Some("quick_gelu") => Ok(Activation::QuickGelu),
        Some(other) => Err(refuse(
            args,
            "act_layer",
            other,
            "gelu, gelu_tanh or quick_gelu",
        )),
    }
}
