//! Which files of a folder make up its checkpoint.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::mapped::MappedFile;
use crate::vision::error::CheckpointError;
use crate::vision::json;

/// What weights are called beside a `config.json`, in the order of preference.
const USUAL: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// What open_clip calls them.
const OPEN_CLIP: [&str; 2] = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];

/// Files beside the weights that say what the model is and how it is used.
const BESIDE: [&str; 5] = [
    "config.json",
    "open_clip_config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "tokenizer.json",
];

/// Maps the file at `path`.
pub(super) fn mapped(path: &Path) -> Result<MappedFile, CheckpointError> {
    MappedFile::open(path).map_err(|reason| CheckpointError::read(path, reason))
}

/// Whether `folder` is read as open_clip's: LAION's folders on the hub hold the same model for transformers too, which
/// goes first where it is complete.
pub(crate) fn is_open_clip(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    has("open_clip_config.json") && !(has("config.json") && USUAL.iter().any(|name| has(name)))
}

/// The weights files of the checkpoint in `folder`, in the order of their names.
pub(super) fn weights(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    if !folder.is_dir() {
        return Err(CheckpointError::NotAFolder(folder.to_owned()));
    }
    let own: &[&str] = if is_open_clip(folder) {
        &OPEN_CLIP
    } else {
        &[]
    };
    let named = own
        .iter()
        .chain(&USUAL)
        .map(|name| folder.join(name))
        .find(|path| path.is_file());
    match named.or_else(|| only_one(folder)) {
        Some(index)
            if index
                .extension()
                .is_some_and(|extension| extension == "json") =>
        {
            parts(folder, &index)
        }
        Some(path) => Ok(vec![path]),
        None => Err(CheckpointError::NoWeights(folder.to_owned())),
    }
}

/// The weights file in `folder` that goes by a name of its own, if there is just one: `dino_vitbase16_pretrain.pth`.
fn only_one(folder: &Path) -> Option<PathBuf> {
    let is_weights = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        path.is_file()
            && ["safetensors", "pth", "pt"]
                .iter()
                .any(|known| extension == *known)
    };
    let entries = std::fs::read_dir(folder).ok()?;
    let mut found = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_weights);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The parts that `index` lists.
fn parts(folder: &Path, index: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let map = json::read(index)?;
    let parts = json::Object::root(index, &map).object("weight_map")?;
    let is_weights = |name: &str| name.ends_with(".safetensors") || name.ends_with(".bin");
    let mut names = BTreeSet::new();
    for (tensor, part) in parts.entries() {
        // a part is a file beside the index; anything else would read elsewhere on the disk
        let name = part
            .as_str()
            .filter(|name| is_weights(name) && !name.contains(['/', '\\']));
        names.insert(name.ok_or_else(|| {
            CheckpointError::damaged(
                index,
                format!("{tensor} is said to be in {part}, which is no file beside it"),
            )
        })?);
    }
    if names.is_empty() {
        return Err(CheckpointError::damaged(
            index,
            "its weight_map lists no tensors",
        ));
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Every file of the checkpoint in `folder` that can change what the model does: weights, then configuration.
///
/// # Errors
/// [`CheckpointError`] where there are no weights.
pub(crate) fn all(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let mut paths = weights(folder)?;
    let beside = BESIDE.iter().map(|name| folder.join(name));
    paths.extend(beside.filter(|path| path.is_file()));
    Ok(paths)
}

/// SHA-256 over the names and contents of the checkpoint's files: its weights and its configuration, as 64 hex digits.
///
/// # Errors
/// [`CheckpointError`] where a file can't be read.
pub fn fingerprint(folder: &Path) -> Result<String, CheckpointError> {
    let mut sum = Sha256::new();
    for path in all(folder)? {
        let name = path.file_name().unwrap_or_default();
        sum.update(name.as_encoded_bytes());
        sum.update([0]);
        sum.update(Sha256::digest(&mapped(&path)?[..]));
    }
    Ok(sum
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
