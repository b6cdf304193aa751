//! Which files of a folder make up its checkpoint.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::files::mapped::MappedFile;
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

/// Whether `folder` is read as open_clip's.
pub(crate) fn is_open_clip(folder: &Path) -> bool {
    reads_as_open_clip(&|name| folder.join(name).is_file())
}

/// LAION's folders on the hub hold the same model for transformers too, which goes first where it is complete.
fn reads_as_open_clip(has: &dyn Fn(&str) -> bool) -> bool {
    has("open_clip_config.json") && !(has("config.json") && USUAL.iter().any(|name| has(name)))
}

/// The weights file, or the index of its parts, that is read of a checkpoint with these files.
fn preferred(has: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    let own: &[&str] = if reads_as_open_clip(has) {
        &OPEN_CLIP
    } else {
        &[]
    };
    own.iter().chain(&USUAL).copied().find(|name| has(name))
}

/// The files that are read of a checkpoint that has files of these names: weights (or the index of their parts) last.
/// `None` where there is no configuration, or there are no weights.
pub(crate) fn wanted(names: &[String]) -> Option<Vec<String>> {
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if !has("config.json") && !has("open_clip_config.json") {
        return None;
    }
    let weights = match preferred(&has) {
        Some(name) => name,
        None => {
            let here = |name: &&String| !name.contains('/') && is_own_name(Path::new(name));
            let mut found = names.iter().filter(here);
            let first = found.next()?;
            found.next().is_none().then_some(first.as_str())?
        }
    };
    let beside = BESIDE.into_iter().filter(|name| has(name));
    Some(beside.chain([weights]).map(str::to_owned).collect())
}

/// Whether `folder` holds a configuration and all of its weights.
pub(crate) fn is_complete(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    (has("config.json") || has("open_clip_config.json"))
        && weights(folder).is_ok_and(|parts| parts.iter().all(|part| part.is_file()))
}

/// Whether a file is an index of weights in parts.
pub(crate) fn is_index(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
}

/// The weights files of the checkpoint in `folder`, in the order of their names.
pub(super) fn weights(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    if !folder.is_dir() {
        return Err(CheckpointError::NotAFolder(folder.to_owned()));
    }
    let named = preferred(&|name| folder.join(name).is_file()).map(|name| folder.join(name));
    match named.or_else(|| only_one(folder)) {
        Some(index) if is_index(&index) => {
            let names = parts(&index)?.into_iter();
            Ok(names.map(|name| folder.join(name)).collect())
        }
        Some(path) => Ok(vec![path]),
        None => Err(CheckpointError::NoWeights(folder.to_owned())),
    }
}

/// The weights file in `folder` that goes by a name of its own, if there is just one: `dino_vitbase16_pretrain.pth`.
fn only_one(folder: &Path) -> Option<PathBuf> {
    let is_weights = |path: &PathBuf| path.is_file() && is_own_name(path);
    let entries = std::fs::read_dir(folder).ok()?;
    let mut found = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_weights);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Whether a file is one of weights by its extension.
fn is_own_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["safetensors", "pth", "pt"]
        .iter()
        .any(|known| extension == *known)
}

/// The names of the parts that `index` lists.
pub(crate) fn parts(index: &Path) -> Result<BTreeSet<String>, CheckpointError> {
    let map = json::read(index)?;
    let parts = json::Object::root(index, &map).object("weight_map")?;
    let is_weights = |name: &str| name.ends_with(".safetensors") || name.ends_with(".bin");
    let mut names = BTreeSet::new();
    for (tensor, part) in parts.entries() {
        // a part is a file beside the index; anything else would read elsewhere on the disk
        let name = part
            .as_str()
            .filter(|name| is_weights(name) && !name.contains(['/', '\\']));
        let name = name.ok_or_else(|| {
            let reason = format!("{tensor} is said to be in {part}, which is no file beside it");
            CheckpointError::damaged(index, reason)
        })?;
        names.insert(name.to_owned());
    }
    if names.is_empty() {
        return Err(CheckpointError::damaged(
            index,
            "its weight_map lists no tensors",
        ));
    }
    Ok(names)
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
