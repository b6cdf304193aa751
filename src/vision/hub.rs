//! Checkpoints by the names that the Hugging Face hub gives them, found in its cache on this computer or fetched into it.
//!
//! The cache's layout is that of huggingface_hub, so that Python finds what vitscope fetched and the other way round:
//! `models--ORG--NAME/refs/main` holds a commit, `snapshots/COMMIT/` its files, as links into `blobs/`.

mod blobs;
mod download;
pub mod error;
mod remote;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::vision::error::CheckpointError;
use crate::vision::weights::files;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;
pub use error::{HubError, NotHere};
use remote::Remote;

/// What the environment says: the value of a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

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
        let model = model_folder(&root, given);
        if let Some(snapshot) = snapshot(&model) {
            return Ok(snapshot);
        }
        looked.push(model);
    }
    Err(CheckpointError::NotHere(Box::new(NotHere {
        id: given.to_owned(),
        looked,
        offline: is_offline(environment),
        unreachable: None,
    })))
}

/// The folder that `given` names, as [`locate`] has it; a hub's model of which the cache lacks files is downloaded.
///
/// # Errors
/// As [`locate`], and [`CheckpointError::Hub`] where the download fails or is cancelled. What has arrived by then is
/// kept, and the next call goes on from there.
pub fn obtain(
    given: &str,
    environment: Environment<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<PathBuf, CheckpointError> {
    let located = locate(given, environment);
    let absent = match &located {
        Ok(folder) if Path::new(given).is_dir() || files::is_complete(folder) => return located,
        Ok(_) => None,
        Err(CheckpointError::NotHere(absent)) => Some(absent.clone()),
        Err(_) => return located,
    };
    let Some(root) = cache(environment).filter(|_| !is_offline(environment)) else {
        return located;
    };
    let remote = Remote::new(environment);
    match download::model(&remote, given, &root, progress, cancel) {
        Err(HubError::Unreachable { reason, .. }) if absent.is_some() => {
            let mut absent = absent.expect("it was looked at");
            absent.unreachable = Some((remote.endpoint().to_owned(), reason));
            Err(CheckpointError::NotHere(absent))
        }
        fetched => Ok(fetched.map_err(Box::new)?),
    }
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

/// Where the cache at `root` keeps the model called `id`.
fn model_folder(root: &Path, id: &str) -> PathBuf {
    root.join(format!("models--{}", id.replace('/', "--")))
}

/// The path in the variable called `name`, where it is set; a tilde is the home.
fn path_in(environment: Environment<'_>, name: &str) -> Option<PathBuf> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let path = PathBuf::from(set(name)?);
    match path.strip_prefix("~") {
        Ok(rest) => Some(PathBuf::from(set("HOME").or_else(|| set("USERPROFILE"))?).join(rest)),
        Err(_) => Some(path),
    }
}

/// The folder that Hugging Face's tools keep everything in.
fn home(environment: Environment<'_>) -> Option<PathBuf> {
    let path = |name| path_in(environment, name);
    let base = || {
        let user = || path("HOME").or_else(|| path("USERPROFILE"));
        path("XDG_CACHE_HOME").or_else(|| Some(user()?.join(".cache")))
    };
    path("HF_HOME").or_else(|| Some(base()?.join("huggingface")))
}

/// The cache's folder: the first variable that is set decides, as in huggingface_hub.
fn cache(environment: Environment<'_>) -> Option<PathBuf> {
    path_in(environment, "HF_HUB_CACHE")
        .or_else(|| path_in(environment, "HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(home(environment)?.join("hub")))
}

/// Whether `HF_HUB_OFFLINE` asks that nothing be fetched.
fn is_offline(environment: Environment<'_>) -> bool {
    environment("HF_HUB_OFFLINE").is_some_and(|value| is_set(&value))
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
