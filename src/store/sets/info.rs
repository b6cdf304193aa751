//! What is known about an image set without reading its table.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::summary::Summary;
use crate::store::disk::Disk;
use crate::store::error::StoreError;

/// `sets/<set>/set.json`: what is known about a set without reading its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetInfo {
    /// Number of images.
    pub rows: usize,
    /// Fingerprint of the images' content, in order; metadata isn't part of it.
    pub fingerprint: String,
    /// Where the images came from.
    pub source: PathBuf,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Whether the table holds the images themselves.
    pub embedded: bool,
    /// Whether the table holds a mask per image.
    pub masks: bool,
    /// Size of the table's file; another size means that adding the set was interrupted.
    pub table_bytes: u64,
    /// What the metadata columns hold; older versions didn't write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<Summary>>,
}

impl SetInfo {
    /// Writes `set.json` in a set's folder.
    pub(super) fn save(&self, disk: &Disk, dir: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("plain values") + "\n";
        disk.write(&dir.join("set.json"), text.as_bytes())
    }
}
