//! What timm's models of all families are given: arguments that are read, and those that are refused.

use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// Arguments of all of timm's models that leave an evaluated model as it is.
const WITHOUT_EFFECT: [&str; 13] = [
    "drop_rate",
    "pos_drop_rate",
    "patch_drop_rate",
    "proj_drop_rate",
    "attn_drop_rate",
    "drop_path_rate",
    "weight_init",
    "fix_init",
    "dynamic_img_size",
    "dynamic_img_pad",
    "pretrained_strict",
    "img_size",
    "num_classes",
];

/// What a family makes of its `model_args`.
pub(super) struct Arguments {
    /// Those that are read.
    pub read: &'static [&'static str],
    /// Those that leave an evaluated model as it is, beside [`WITHOUT_EFFECT`].
    pub without_effect: &'static [&'static str],
}

/// The input's height and width: the author's argument, else what the weights were trained for, as timm resolves it.
/// `side` where neither says.
pub(super) fn image(
    root: Object<'_>,
    args: Object<'_>,
    side: usize,
) -> Result<(usize, usize), CheckpointError> {
    if let Some(image) = args.size("img_size")? {
        return Ok(image);
    }
    let pretrained = root.object("pretrained_cfg")?;
    Ok(input_size(pretrained)?.unwrap_or((side, side)))
}

/// `input_size` of a `pretrained_cfg`, [channels, height, width] there.
fn input_size(pretrained: Object<'_>) -> Result<Option<(usize, usize)>, CheckpointError> {
    Ok(pretrained
        .channels("input_size")?
        .map(|[_, height, width]| (height as usize, width as usize)))
}

/// How many classes the head has: the author's argument, else the config's own line.
pub(super) fn classes(root: Object<'_>, args: Object<'_>) -> Result<usize, CheckpointError> {
    let classes = match args.count("num_classes")? {
        Some(classes) => Some(classes),
        None => root.count("num_classes")?,
    };
    match classes {
        Some(classes) => Ok(classes),
        None => Ok(root
            .object("pretrained_cfg")?
            .count("num_classes")?
            .unwrap_or(1000)),
    }
}

impl Arguments {
    /// Refuses arguments that would change the model in a way that isn't read.
    pub(super) fn refuse_others(&self, args: Object<'_>) -> Result<(), CheckpointError> {
        for (key, value) in args.entries() {
            let lists = [self.read, self.without_effect, &WITHOUT_EFFECT];
            let known = lists.iter().any(|list| list.contains(&key.as_str()));
            if !known && *value != serde_json::Value::Bool(false) {
                return Err(CheckpointError::config(
                    args.path(),
                    format!(
                        "{} = {value} changes the architecture into one this version doesn't read",
                        args.name(key)
                    ),
                ));
            }
        }
        match args.count("in_chans")? {
            None | Some(3) => {}
            Some(other) => return Err(refuse(args, "in_chans", &other.to_string(), "3")),
        }
        match args.text("norm_layer")? {
            None | Some("layernorm") => Ok(()),
            Some(other) => Err(refuse(args, "norm_layer", other, "layernorm")),
        }
    }
}

/// The error for an argument with a value that isn't read.
pub(super) fn refuse(args: Object<'_>, key: &str, value: &str, known: &str) -> CheckpointError {
    CheckpointError::config(
        args.path(),
        format!("{} = {value} is not read; {known} would be", args.name(key)),
    )
}
