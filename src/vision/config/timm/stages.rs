//! timm's models with stages: `swin_*` (swin_transformer.py) and `maxvit_*_tf_*` (maxxvit.py).

use serde_json::Value;

use super::arguments::{Arguments, classes, image, refuse};
use crate::vision::config::maxvit::MaxVitConfig;
use crate::vision::config::model::Family;
use crate::vision::config::refusals::unknown;
use crate::vision::config::swin::{SwinConfig, SwinDialect};
use crate::vision::config::variants::Activation;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

const SWIN: Arguments = Arguments {
    read: &[
        "patch_size",
        "embed_dim",
        "depths",
        "num_heads",
        "window_size",
        "mlp_ratio",
        "qkv_bias",
        "global_pool",
        "in_chans",
        "norm_layer",
    ],
    without_effect: &["strict_img_size"],
};

const MAXVIT: Arguments = Arguments {
    read: &[
        "embed_dim",
        "depths",
        "block_type",
        "stem_width",
        "transformer_dim_head",
        "transformer_partition_ratio",
        "global_pool",
        "in_chans",
    ],
    without_effect: &[
        "head_hidden_size",
        "transformer_attn_drop",
        "transformer_proj_drop",
    ],
};

/// The words of an architecture's name after the family's, its tag left out.
fn words(architecture: &str) -> Vec<&str> {
    let untagged = architecture.split('.').next().unwrap_or_default();
    untagged.split('_').skip(1).collect()
}

/// Reads the config of a `swin_*`.
pub(super) fn swin(root: Object<'_>, name: &str) -> Result<Family, CheckpointError> {
    let other = || unknown(root.path(), name);
    let [size, patch, window, side] = words(name)[..] else {
        return Err(other());
    };
    let after = |word: &str, start: &str| word.strip_prefix(start)?.parse::<usize>().ok();
    let (width, depths, heads) = swin_size(size).ok_or_else(other)?;
    let patch = after(patch, "patch").ok_or_else(other)?;
    let window = after(window, "window").ok_or_else(other)?;
    let side = after(side, "").ok_or_else(other)?;

    let args = root.object("model_args")?;
    args_of(args, &SWIN)?;
    let depths = args.counts("depths")?.unwrap_or(depths);
    let widths = match args.counts("embed_dim")? {
        // one number is the first stage's width, which doubles with every stage
        Some(widths) if widths.len() > 1 => widths,
        first => {
            let first = first.map_or(width, |first| first.iter().sum());
            (0..depths.len().min(16)).map(|s| first << s).collect()
        }
    };
    let config = SwinConfig {
        name: name.to_owned(),
        dialect: SwinDialect::Timm,
        image: image(root, args, side)?,
        patch: args.size("patch_size")?.unwrap_or((patch, patch)),
        widths,
        depths,
        heads: args.counts("num_heads")?.unwrap_or(heads),
        window: args.size("window_size")?.unwrap_or((window, window)),
        mlp_ratio: args.number("mlp_ratio")?.unwrap_or(4.0),
        qkv_bias: args.flag("qkv_bias")?.unwrap_or(true),
        eps: 1e-5,
        activation: Activation::Gelu,
        classes: classes(root, args)?,
    };
    Ok(Family::Swin(config.check(root.path())?))
}

/// Width of the first stage, depths and heads of a size word.
fn swin_size(word: &str) -> Option<(usize, Vec<usize>, Vec<usize>)> {
    Some(match word {
        "tiny" => (96, vec![2, 2, 6, 2], vec![3, 6, 12, 24]),
        "small" => (96, vec![2, 2, 18, 2], vec![3, 6, 12, 24]),
        "base" => (128, vec![2, 2, 18, 2], vec![4, 8, 16, 32]),
        "large" => (192, vec![2, 2, 18, 2], vec![6, 12, 24, 48]),
        _ => return None,
    })
}

/// Reads the config of a `maxvit_*_tf_*`; timm's other MaxViTs are built differently.
pub(super) fn maxvit(root: Object<'_>, name: &str) -> Result<Family, CheckpointError> {
    let other = || unknown(root.path(), name);
    let [size, "tf", side] = words(name)[..] else {
        return Err(other());
    };
    let side = side.parse::<usize>().map_err(|_| other())?;
    let (width, depths, stem) = maxvit_size(size).ok_or_else(other)?;

    let args = root.object("model_args")?;
    args_of(args, &MAXVIT)?;
    only_maxvit_blocks(args)?;
    let image = image(root, args, side)?;
    let ratio = args
        .count("transformer_partition_ratio")?
        .unwrap_or(32)
        .max(1);
    let config = MaxVitConfig {
        name: name.to_owned(),
        image,
        stem: args.size("stem_width")?.unwrap_or((stem, stem)),
        widths: args
            .counts("embed_dim")?
            .unwrap_or_else(|| (0..4).map(|stage| width << stage).collect()),
        depths: args.counts("depths")?.unwrap_or(depths),
        head_width: args.count("transformer_dim_head")?.unwrap_or(32).max(1),
        window: (image.0 / ratio, image.1 / ratio),
        classes: classes(root, args)?,
    };
    Ok(Family::MaxVit(config.check(root.path())?))
}

/// Width of the first stage, depths and width of the stem of a size word.
fn maxvit_size(word: &str) -> Option<(usize, Vec<usize>, usize)> {
    let (small, large) = (vec![2, 2, 5, 2], vec![2, 6, 14, 2]);
    Some(match word {
        "tiny" => (64, small, 64),
        "small" => (96, small, 64),
        "base" => (96, large, 64),
        "large" => (128, large, 128),
        "xlarge" => (192, large, 192),
        _ => return None,
    })
}

/// Refuses blocks of timm's other kinds.
fn only_maxvit_blocks(args: Object<'_>) -> Result<(), CheckpointError> {
    let is_maxvit = |kind: &Value| kind.as_str() == Some("M");
    match args.get("block_type") {
        None => Ok(()),
        Some(Value::Array(kinds)) if kinds.iter().all(is_maxvit) => Ok(()),
        Some(other) => Err(refuse(
            args,
            "block_type",
            &other.to_string(),
            "M for every stage",
        )),
    }
}

/// Refuses arguments that aren't read, and pooling other than the mean.
fn args_of(args: Object<'_>, known: &Arguments) -> Result<(), CheckpointError> {
    known.refuse_others(args)?;
    match args.text("global_pool")? {
        None | Some("avg") => Ok(()),
        Some(other) => Err(refuse(args, "global_pool", other, "avg")),
    }
}
