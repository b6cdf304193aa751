//! Registered models: where a checkpoint is, and a fingerprint of its files that is computed once.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::directory::Store;
use super::disk::{self, file_name, read_text};
use super::error::StoreError;
use super::hash::{fingerprint_file, hex};
use super::names::check_name;

/// A checkpoint file as it was when it was fingerprinted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStamp {
    /// The file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its modification time, nanoseconds since 1970: together with the size it says whether to hash again.
    pub modified: u64,
    /// SHA-256 of its content.
    pub sha256: String,
}

/// `models/<name>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelEntry {
    /// The name it goes by in queries.
    pub name: String,
    /// The checkpoint's folder.
    pub folder: PathBuf,
    /// The family: `vit`, `swin`, `maxvit`, `clip` …
    pub family: String,
    /// Fingerprint of all its files.
    pub fingerprint: String,
    /// The files that make it up.
    pub files: Vec<FileStamp>,
    /// Whatever else is known about it, for `describe`.
    #[serde(default)]
    pub about: serde_json::Value,
}

impl ModelEntry {
    /// The entry of the checkpoint made up by `files` (weights, configuration). Files that look untouched since
    /// `known`, by size and time, are not hashed again.
    ///
    /// # Errors
    /// [`StoreError::BadName`]; [`StoreError::Io`] when a file can't be read.
    pub fn new(
        name: &str,
        folder: &Path,
        family: &str,
        files: &[PathBuf],
        known: Option<&Self>,
    ) -> Result<Self, StoreError> {
        check_name("a model", name)?;
        let files = (files.iter())
            .map(|path| stamp(path, known))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            family: family.to_owned(),
            fingerprint: fingerprint_of(&files),
            files,
            about: serde_json::Value::Null,
        })
    }

    /// The fingerprint of the files as they are now; equal to `fingerprint` when nothing has changed.
    ///
    /// # Errors
    /// [`StoreError::Io`] when a file is gone or can't be read.
    pub fn current_fingerprint(&self) -> Result<String, StoreError> {
        let files = (self.files.iter())
            .map(|file| stamp(&file.path, Some(self)))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(fingerprint_of(&files))
    }
}

/// File names and contents, not places: a checkpoint that is moved stays the same.
fn fingerprint_of(files: &[FileStamp]) -> String {
    let mut lines: Vec<_> = (files.iter())
        .map(|file| format!("{} {}\n", file_name(&file.path), file.sha256))
        .collect();
    lines.sort();
    hex(&Sha256::digest(lines.concat()))
}

fn stamp(path: &Path, known: Option<&ModelEntry>) -> Result<FileStamp, StoreError> {
    let meta = std::fs::metadata(path).map_err(StoreError::io("read", path))?;
    let time = meta.modified().ok();
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = since.map_or(0, |since| since.as_nanos() as u64);
    let same = |file: &&FileStamp| {
        file.path == path && file.bytes == meta.len() && file.modified == modified
    };
    if let Some(file) = known.and_then(|known| known.files.iter().find(same)) {
        return Ok(file.clone());
    }
    Ok(FileStamp {
        path: path.to_owned(),
        bytes: meta.len(),
        modified,
        sha256: fingerprint_file(path)?,
    })
}

impl Store {
    /// Names of the registered models, sorted.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the store can't be listed.
    pub fn models(&self) -> Result<Vec<String>, StoreError> {
        Ok(disk::list(&self.root.join("models"))?
            .iter()
            .filter_map(|path| Some(file_name(path).strip_suffix(".json")?.to_owned()))
            .collect())
    }

    /// The entry of a model.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] with the names there are; [`StoreError::Damaged`] for an unreadable entry.
    pub fn model(&self, name: &str) -> Result<ModelEntry, StoreError> {
        let path = self.model_path(name);
        let text = match check_name("a model", name) {
            Ok(()) => read_text(&path)?,
            Err(_) => None,
        };
        let Some(text) = text else {
            return Err(StoreError::Unknown {
                what: "model",
                name: name.to_owned(),
                known: self.models()?,
                how: format!("`add model {name} from \"FOLDER\"` adds one"),
            });
        };
        serde_json::from_str(&text)
            .map_err(|error| StoreError::damaged(&path, error.to_string(), "add the model again"))
    }

    /// Registers a model, in place of one of the same name.
    ///
    /// # Errors
    /// [`StoreError::BadName`]; [`StoreError::Io`] when the store can't be written.
    pub fn save_model(&self, entry: &ModelEntry) -> Result<(), StoreError> {
        check_name("a model", &entry.name)?;
        let _lock = disk::wait_for_lock(&self.disk, &self.root.join("models"))?;
        let mut text = serde_json::to_string_pretty(entry).expect("an entry holds JSON types only");
        text.push('\n');
        self.disk
            .write(&self.model_path(&entry.name), text.as_bytes())
    }

    /// Forgets a model; its decompositions stay.
    ///
    /// # Errors
    /// [`StoreError::Unknown`]; [`StoreError::Io`] when it can't be removed.
    pub fn drop_model(&self, name: &str) -> Result<(), StoreError> {
        self.model(name)?;
        self.disk.remove(&self.model_path(name))
    }

    fn model_path(&self, name: &str) -> PathBuf {
        self.root.join("models").join(format!("{name}.json"))
    }
}
