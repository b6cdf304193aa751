//! Parts of a checkpoint that a representation has no use for: heads of training, texts, buffers.

use crate::vision::config::Dialect;

/// What open_clip's names of tensors begin with that aren't the image side's.
const OPEN_CLIP_TEXTS: [&str; 9] = [
    "text.",
    "transformer.",
    "token_embedding.",
    "positional_embedding",
    "ln_final.",
    "text_projection",
    "logit_scale",
    "logit_bias",
    "attn_mask",
];

/// What the names of those parts begin with; `prefix` stands before the image side's own.
pub(super) fn unused(dialect: Dialect, prefix: &str) -> Vec<String> {
    let names: &[&str] = match dialect {
        Dialect::Timm => &["mask_token"],
        Dialect::HfVit => &["pooler.", "embeddings.mask_token"],
        Dialect::HfDinov2 => &["embeddings.mask_token"],
        Dialect::HfClip => &["embeddings.position_ids"],
        Dialect::OpenClip => &[],
    };
    let mut unused: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
    match dialect {
        // a classifier of class token and mean patch together, so not of the representation
        Dialect::HfDinov2 => unused.push("classifier.".to_owned()),
        Dialect::HfClip => {
            unused.extend(["text_model.", "text_projection.", "logit_scale"].map(str::to_owned));
        }
        // the text side, of which open_clip's wrapper for other towers says so
        Dialect::OpenClip => unused.extend(OPEN_CLIP_TEXTS.map(str::to_owned)),
        Dialect::Timm | Dialect::HfVit => {}
    }
    unused
}
