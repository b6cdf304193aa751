//! Words that plans and answers share.

use crate::kernels::Numbers;

/// What answers say of contributions whose forward pass did not multiply f32.
#[must_use]
pub fn label(model: &str, forward: Numbers) -> Option<String> {
    (forward != Numbers::F32)
        .then(|| format!("{model}: contributions of a forward pass in {forward}"))
}

/// What a forward pass multiplies, where that is not f32: ` in bf16`.
#[must_use]
pub fn in_numbers(forward: Numbers) -> String {
    match forward {
        Numbers::F32 => String::new(),
        _ => format!(" in {forward}"),
    }
}

/// How many images take part.
#[must_use]
pub fn how_many(keep: &[bool]) -> usize {
    keep.iter().filter(|keep| **keep).count()
}
