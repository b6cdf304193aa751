//! timm's `swin_*` (swin_transformer.py).

use super::arguments::{Arguments, classes, image};
use super::staged::{refuse_others, words};
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
    refuse_others(args, &SWIN)?;
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
