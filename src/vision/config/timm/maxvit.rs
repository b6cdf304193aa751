//! timm's `maxvit_*_tf_*` (maxxvit.py).

use serde_json::Value;

use super::arguments::{Arguments, classes, image, refuse};
use super::staged::{refuse_others, words};
use crate::vision::config::maxvit::MaxVitConfig;
use crate::vision::config::model::Family;
use crate::vision::config::refusals::unknown;
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

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

/// Reads the config of a `maxvit_*_tf_*`; timm's other MaxViTs are built differently.
pub(super) fn maxvit(root: Object<'_>, name: &str) -> Result<Family, CheckpointError> {
    let other = || unknown(root.path(), name);
    let [size, "tf", side] = words(name)[..] else {
        return Err(other());
    };
    let side = side.parse::<usize>().map_err(|_| other())?;
    let (width, depths, stem) = maxvit_size(size).ok_or_else(other)?;

    let args = root.object("model_args")?;
    refuse_others(args, &MAXVIT)?;
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
