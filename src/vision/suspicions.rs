//! What about a checkpoint that can be read may still be wrong, in sentences.
//!
//! Configurations and weights part ways in a few well-known places (timm #1754, open_clip #771): nothing fails then, and
//! every number is a little off. A warning is all that can be done, for the combination may be meant.

use std::path::Path;

use crate::vision::config::{Activation, Dialect, Family, ModelConfig, VitConfig};
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::preprocess::Preprocess;
use crate::vision::preprocess::described::{CLIP, IMAGENET};

/// A mean and a standard deviation, and what they are called.
type Statistics = (&'static str, ([f64; 3], [f64; 3]));

const OF_IMAGENET: Statistics = ("ImageNet's", IMAGENET);
const OF_CLIP: Statistics = ("CLIP's", CLIP);
const HALF: Statistics = ("0.5", ([0.5; 3], [0.5; 3]));

/// The warning for a transformers folder that doesn't say how images enter its model.
pub(super) fn unprepared(config: &ModelConfig, used: &Preprocess) -> String {
    format!(
        "there is no preprocessor_config.json, so images enter as in the published {} checkpoints ({}); add the file if \
         this model was trained otherwise",
        config.name(),
        used.describe()
    )
}

/// What is suspicious about the model in `folder`.
pub(super) fn of(
    folder: &Path,
    config: &ModelConfig,
    preprocess: &Preprocess,
) -> Result<Vec<String>, CheckpointError> {
    let nonlinearity = match &config.family {
        Family::Vit(vit) => nonlinearity(vit, &origin(folder, config)?),
        Family::Swin(_) | Family::MaxVit(_) => None,
    };
    let found = [nonlinearity, eps(config), statistics(config, preprocess)];
    Ok(found.into_iter().flatten().collect())
}

/// Everything that says where the weights come from, in lower case: tags and names in the config, the folder's name.
fn origin(folder: &Path, config: &ModelConfig) -> Result<String, CheckpointError> {
    let file = if config.is_open_clip() {
        "open_clip_config.json"
    } else {
        "config.json"
    };
    let path = folder.join(file);
    let map = json::read(&path)?;
    let root = Object::root(&path, &map);
    let pretrained = root.object("pretrained_cfg")?;
    let written = [
        root.get("_name_or_path"),
        root.get("architecture"),
        pretrained.get("tag"),
        pretrained.get("hf_hub_id"),
    ];
    let mut words: Vec<&str> = written
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str())
        .collect();
    // the folder's own name, or the one that the hub's cache gave to the folder of its snapshots
    let names = folder
        .ancestors()
        .filter_map(|folder| folder.file_name()?.to_str());
    let names: Vec<&str> = names.take(3).collect();
    words.extend(names.first());
    words.extend(names.get(2).filter(|name| name.starts_with("models--")));
    Ok(words.join(" ").to_lowercase())
}

/// QuickGELU where GELU was trained, or the other way round.
fn nonlinearity(config: &VitConfig, origin: &str) -> Option<String> {
    let says = |words: &[&str]| words.iter().any(|word| origin.contains(word));
    // fine-tuning with another nonlinearity makes weights fit it
    if !config.pre_norm || says(&["_ft_"]) {
        return None;
    }
    let (whose, trained, remedy) = match config.activation {
        Activation::Gelu if says(&["openai"]) => ("OpenAI's", "QuickGELU", quick(config.dialect)),
        Activation::QuickGelu if says(&["laion2b", "laion-2b", "datacomp", "commonpool"]) => {
            ("LAION's", "the exact GELU", exact(config.dialect))
        }
        _ => return None,
    };
    let word = config.activation.word();
    Some(format!(
        "the weights seem to be {whose}, which were trained with {trained}, and the config says {word}; if so, every number \
         is a little wrong, and {remedy} is right"
    ))
}

/// How a config says that the model uses QuickGELU.
fn quick(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Timm => "the architecture with _clip_quickgelu_ in its name",
        Dialect::OpenClip => "model_cfg.quick_gelu = true",
        _ => "vision_config.hidden_act = quick_gelu",
    }
}

/// How a config says that the model uses the exact GELU.
fn exact(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Timm => "the architecture with _clip_ alone in its name",
        Dialect::OpenClip => "model_cfg.quick_gelu = false",
        _ => "vision_config.hidden_act = gelu",
    }
}

/// An eps that no published checkpoint of the family has. timm's is the architecture's own.
fn eps(config: &ModelConfig) -> Option<String> {
    let (eps, usual): (f64, &[f64]) = match &config.family {
        _ if config.is_timm() => return None,
        Family::Vit(vit) => match vit.dialect {
            Dialect::Timm | Dialect::HfVit => (vit.eps, &[1e-12, 1e-6]),
            Dialect::HfDinov2 => (vit.eps, &[1e-6]),
            Dialect::HfClip | Dialect::OpenClip => (vit.eps, &[1e-5]),
        },
        Family::Swin(swin) => (swin.eps, &[1e-5]),
        Family::MaxVit(_) => return None,
    };
    let near = |usual: &f64| (eps / usual - 1.0).abs() < 0.01;
    if usual.iter().any(near) {
        return None;
    }
    let usual: Vec<String> = usual.iter().map(|eps| format!("{eps:e}")).collect();
    Some(format!(
        "a LayerNorm eps of {eps:e} is unusual for {}, where it is {}; a wrong one shifts every number",
        config.name(),
        usual.join(" or ")
    ))
}

/// A mean and standard deviation that the family's published checkpoints don't have.
fn statistics(config: &ModelConfig, preprocess: &Preprocess) -> Option<String> {
    let usual: &[Statistics] = match &config.family {
        _ if config.name().contains("dinov2") => &[OF_IMAGENET],
        _ if config.is_timm() => &[OF_IMAGENET, OF_CLIP, HALF],
        Family::Vit(vit) if vit.dialect == Dialect::HfVit => &[OF_IMAGENET, HALF],
        Family::Vit(_) => &[OF_CLIP, HALF],
        Family::Swin(_) | Family::MaxVit(_) => &[OF_IMAGENET],
    };
    let (mean, std) = preprocess.statistics();
    let near = |(_, (usual_mean, usual_std)): &Statistics| {
        let mut pairs = mean.iter().zip(usual_mean).chain(std.iter().zip(usual_std));
        pairs.all(|(found, usual)| (found - usual).abs() < 2e-3)
    };
    if usual.iter().any(near) {
        return None;
    }
    let words: Vec<&str> = usual.iter().map(|(word, _)| *word).collect();
    Some(format!(
        "images are normalised by mean {mean:?} and std {std:?}, unusual for {}, whose checkpoints use {}",
        config.name(),
        words.join(" or ")
    ))
}
