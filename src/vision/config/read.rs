//! Reading a folder's configuration, whoever saved it.

use std::path::Path;

use super::model::ModelConfig;
use super::{open_clip, timm, transformers};
use crate::vision::error::CheckpointError;
use crate::vision::json::{self, Object};
use crate::vision::weights::files::is_open_clip;

/// Reads `config.json` (or `open_clip_config.json`) in `folder`; `input` is the image size that its preprocessing makes, where another file says it.
///
/// # Errors
/// [`CheckpointError`] for a folder without config, a config of another kind or with fields that can't be.
pub fn read(folder: &Path, input: Option<(usize, usize)>) -> Result<ModelConfig, CheckpointError> {
    if !folder.is_dir() {
        return Err(CheckpointError::NotAFolder(folder.to_owned()));
    }
    if is_open_clip(folder) {
        let path = folder.join("open_clip_config.json");
        return open_clip::read(Object::root(&path, &json::read(&path)?));
    }
    let path = folder.join("config.json");
    if !path.is_file() {
        return Err(CheckpointError::NoConfig(folder.to_owned()));
    }
    let map = json::read(&path)?;
    let root = Object::root(&path, &map);
    if root.get("architecture").is_some() {
        timm::read(root)
    } else if root.get("model_type").is_some() {
        transformers::read(root, input)
    } else {
        Err(CheckpointError::config(
            &path,
            "it has neither architecture (timm) nor model_type (transformers), so it doesn't say which model this is",
        ))
    }
}
