//! The hub's cache on this computer: where it is, and the folders of its models.

use std::path::{Path, PathBuf};

use super::environment::{Environment, home, path_in};

/// The cache's folder: the first variable that is set decides, as in huggingface_hub.
pub(super) fn cache(environment: Environment<'_>) -> Option<PathBuf> {
    path_in(environment, "HF_HUB_CACHE")
        .or_else(|| path_in(environment, "HUGGINGFACE_HUB_CACHE"))
        .or_else(|| Some(home(environment)?.join("hub")))
}

/// Where the cache at `root` keeps the model called `id`.
pub(super) fn model_folder(root: &Path, id: &str) -> PathBuf {
    root.join(format!("models--{}", id.replace('/', "--")))
}

/// The snapshot of a cached model: what `refs/main` names, else the only one.
pub(super) fn snapshot(model: &Path) -> Option<PathBuf> {
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
