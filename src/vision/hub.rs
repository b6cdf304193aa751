//! Checkpoints by the names that the Hugging Face hub gives them, found in its cache on this computer.
//!
//! Nothing is downloaded: `hf download` fills the cache, and the error says so. The cache's layout is that of
//! huggingface_hub: `models--ORG--NAME/refs/main` holds a commit, `snapshots/COMMIT/` its files, as links into `blobs/`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::vision::error::CheckpointError;

/// What the environment says: the value of a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A hub's name whose files are nowhere on this computer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotHere {
    /// `facebook/dinov2-base`.
    pub id: String,
    /// The folders looked at.
    pub looked: Vec<PathBuf>,
    /// Whether `HF_HUB_OFFLINE` asks that nothing be fetched.
    pub offline: bool,
}

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        let looked: Vec<String> = self
            .looked
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        write!(
            f,
            "{id} is neither a folder nor in the Hugging Face cache (looked at {}); ",
            looked.join(", ")
        )?;
        if self.offline {
            write!(f, "HF_HUB_OFFLINE is set, so on a computer with a network ")?;
        }
        write!(
            f,
            "run `hf download {id}`, or put config.json, preprocessor_config.json (for transformers' models), tokenizer.json \
             (for a CLIP) and model.safetensors or pytorch_model.bin into ./{id} and try again"
        )
    }
}

/// The folder that `given` names: a folder, or else a model of the hub in its cache.
///
/// # Errors
/// [`CheckpointError::NotAFolder`], and [`CheckpointError::NotHere`] where `given` has the form of a hub's name.
pub fn locate(given: &str, environment: Environment<'_>) -> Result<PathBuf, CheckpointError> {
    let path = Path::new(given);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    if !is_id(given) || path.exists() {
        return Err(CheckpointError::NotAFolder(path.to_owned()));
    }
    let mut looked = vec![path.to_owned()];
    if let Some(root) = cache(environment) {
        let model = root.join(format!("models--{}", given.replace('/', "--")));
        if let Some(snapshot) = snapshot(&model) {
            return Ok(snapshot);
        }
        looked.push(model);
    }
    Err(CheckpointError::NotHere(Box::new(NotHere {
        id: given.to_owned(),
        looked,
        offline: environment("HF_HUB_OFFLINE").is_some_and(|value| is_set(&value)),
    })))
}

/// `ORG/NAME`, of the characters that the hub allows.
fn is_id(given: &str) -> bool {
    let part = |part: &str| {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        !part.is_empty()
            && part.chars().all(allowed)
            && !part.starts_with('.')
            && !part.contains("--")
    };
    given
        .split_once('/')
        .is_some_and(|(organisation, name)| part(organisation) && part(name))
}

/// The cache's folder: the first variable that is set decides, as in huggingface_hub.
fn cache(environment: Environment<'_>) -> Option<PathBuf> {
    let set = |name: &str| {
        environment(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || set("HOME").or_else(|| set("USERPROFILE"));
    let expanded = |path: PathBuf| match path.strip_prefix("~") {
        Ok(rest) => home().map(|home| home.join(rest)),
        Err(_) => Some(path),
    };
    let whole = set("HF_HUB_CACHE").or_else(|| set("HUGGINGFACE_HUB_CACHE"));
    if let Some(whole) = whole {
        return expanded(whole);
    }
    if let Some(own) = set("HF_HOME") {
        return expanded(own).map(|own| own.join("hub"));
    }
    let base = match set("XDG_CACHE_HOME") {
        Some(base) => expanded(base)?,
        None => home()?.join(".cache"),
    };
    Some(base.join("huggingface/hub"))
}

/// The snapshot of a cached model: what `refs/main` names, else the only one.
fn snapshot(model: &Path) -> Option<PathBuf> {
    let snapshots = model.join("snapshots");
    let commit = std::fs::read_to_string(model.join("refs/main")).ok();
    let named = commit
        .as_deref()
        .map(str::trim)
        .filter(|commit| !commit.is_empty() && !commit.contains(['/', '\\', '.']));
    if let Some(named) = named
        .map(|commit| snapshots.join(commit))
        .filter(|path| path.is_dir())
    {
        return Some(named);
    }
    let entries = std::fs::read_dir(snapshots).ok()?;
    let mut folders = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir());
    let first = folders.next()?;
    folders.next().is_none().then_some(first)
}

/// Whether a switch is on, in huggingface_hub's words.
fn is_set(value: &OsString) -> bool {
    let value = value.to_string_lossy().to_ascii_uppercase();
    ["1", "ON", "YES", "TRUE"].contains(&value.as_str())
}
