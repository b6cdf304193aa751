//! The errors for configurations that can't be, or that no family here has.

use std::path::Path;

use crate::vision::error::CheckpointError;

/// The families that can be read, for errors.
const KNOWN_FAMILIES: &str = "Vision Transformers: timm's vit_*, deit_* and deit3_* (with _dinov2, \
     _reg4_dinov2 and _clip), swin_* and maxvit_*_tf_*, and transformers' vit, deit, dinov2, dinov2_with_registers, swin \
     and clip, and open_clip's";

/// Refuses a size beyond any model's.
pub(super) fn at_most(
    path: &Path,
    what: &str,
    found: usize,
    most: usize,
) -> Result<(), CheckpointError> {
    if found <= most {
        return Ok(());
    }
    let reason = format!("{found} {what} are more than any model has");
    Err(CheckpointError::config(path, reason))
}

/// The error for a model of another kind.
pub(super) fn unknown(path: &Path, name: &str) -> CheckpointError {
    CheckpointError::UnknownArchitecture {
        path: path.to_owned(),
        name: name.to_owned(),
        known: KNOWN_FAMILIES,
    }
}
