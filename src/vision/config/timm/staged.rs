//! What the configs of timm's models with stages have in common.

use super::arguments::{Arguments, refuse};
use crate::vision::error::CheckpointError;
use crate::vision::json::Object;

/// The words of an architecture's name after the family's, its tag left out.
pub(super) fn words(architecture: &str) -> Vec<&str> {
    let untagged = architecture.split('.').next().unwrap_or_default();
    untagged.split('_').skip(1).collect()
}

/// Refuses arguments that aren't read, and pooling other than the mean.
pub(super) fn refuse_others(args: Object<'_>, known: &Arguments) -> Result<(), CheckpointError> {
    known.refuse_others(args)?;
    match args.text("global_pool")? {
        None | Some("avg") => Ok(()),
        Some(other) => Err(refuse(args, "global_pool", other, "avg")),
    }
}
