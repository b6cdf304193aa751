//! transformers 5 calls tensors otherwise in memory than in the folders it saves; state dicts saved by hand have the names
//! of memory. They are brought back to those of folders.

use crate::vision::config::Dialect;

/// The name in a folder of the tensor called `name` in memory; `None` where the names don't differ.
pub(super) fn on_disk(dialect: Dialect, name: &str) -> Option<String> {
    let at = match dialect {
        Dialect::HfVit => name
            .find("layers.")
            .filter(|at| ["", "vit.", "deit."].contains(&&name[..*at])),
        Dialect::HfDinov2 => name.find("encoder.layer."),
        Dialect::Timm | Dialect::HfClip | Dialect::OpenClip => None,
    }?;
    let (prefix, rest) = name.split_at(at);
    let rest = rest
        .trim_start_matches("encoder.layer.")
        .trim_start_matches("layers.");
    let (block, rest) = rest.split_once('.')?;
    let (part, end) = rest.rsplit_once('.')?;
    let part = match part {
        "attention.q_proj" => "attention.attention.query",
        "attention.k_proj" => "attention.attention.key",
        "attention.v_proj" => "attention.attention.value",
        "attention.o_proj" => "attention.output.dense",
        "mlp.fc1" if dialect == Dialect::HfVit => "intermediate.dense",
        "mlp.fc2" if dialect == Dialect::HfVit => "output.dense",
        other => other,
    };
    Some(format!("{prefix}encoder.layer.{block}.{part}.{end}"))
}
