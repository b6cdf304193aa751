//! Names that become file names.

use super::error::StoreError;

/// Refuses names that a file can't have everywhere: letters, digits, `-` and `_` make one.
pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), StoreError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if first && name.len() <= 64 && name.chars().all(plain) {
        Ok(())
    } else {
        Err(StoreError::BadName {
            what,
            name: name.to_owned(),
        })
    }
}
