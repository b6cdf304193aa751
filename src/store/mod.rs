//! Everything on disk: models, image sets, decompositions, cached texts, features.
//!
//! ```text
//! models/<name>.json                      a checkpoint's folder, family and fingerprint
//! sets/<set>/images.parquet, set.json     the image table; its fingerprint
//! decompositions/<model>@<set>/           manifest, parts, maps, and what is computed from them
//! texts/<clip>.safetensors                text embeddings already computed
//! features.toml                           the user's features
//! ```
//!
//! The store is created when first written to; reading an empty place finds an empty store. Every file is written whole
//! or not at all, and a cached thing is found by what it was computed from, never by its name alone.

mod add;
mod decomposition;
mod disk;
mod error;
mod features;
mod folder;
mod hash;
mod images;
mod manifest;
mod models;
mod part;
mod summary;
mod table;
mod tensors;
mod texts;
mod writer;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

pub use add::{AddReport, Unreadable};
pub use decomposition::Decomposition;
pub(crate) use decomposition::array_column;
pub use error::StoreError;
pub use features::{Feature, Origin, TEMPLATES};
pub use hash::{fingerprint, fingerprint_file};
pub use images::{ImageSet, SetInfo, read_image};
pub use manifest::{Manifest, Part, Skipped};
pub use models::{FileStamp, ModelEntry};
pub use part::{MappedPart, Precision};
pub use summary::{Holds, Summary, of as summaries};
pub use tensors::{Blob, NamedTensor, Numbers};
pub use texts::TextCache;
pub use writer::{Begun, Header, PART_ROWS, Writer};

use disk::Disk;

/// The directory that holds everything vitscope keeps.
#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
    disk: Disk,
}

/// A decomposition as listings show it, finished or not.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it was computed from, and its parts.
    pub manifest: Manifest,
    /// Why it can't be used any more, when the model or the set has changed since.
    pub stale: Option<String>,
    /// Names of what is kept beside it: moments, alignments.
    pub blobs: Vec<String>,
}

impl Store {
    /// The store in `root`. Nothing is created until something is written.
    ///
    /// # Errors
    /// [`StoreError::Io`] when `root` is there but is no folder that can be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        disk::list(&root)?;
        Ok(Self {
            root,
            disk: Disk::default(),
        })
    }

    /// Where the store is when the user names no place: `vitscope` in the system's folder for application data.
    ///
    /// # Errors
    /// [`StoreError::NoHome`] when the system names none.
    pub fn default_root() -> Result<PathBuf, StoreError> {
        let base = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
        Ok(base.data_dir().join("vitscope"))
    }

    /// The same store, but nothing in it is changed: every write fails, and caches are not kept.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.disk.read_only = true;
        self
    }

    /// Whether nothing may be changed.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.disk.read_only
    }

    /// Where the store is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Decompositions, finished or not, sorted by name. An entry whose manifest can't be read is left out.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the store can't be listed.
    pub fn decompositions(&self) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        for dir in disk::list(&self.root.join("decompositions"))? {
            let Ok(Some(manifest)) = Manifest::load(&dir) else {
                continue;
            };
            entries.push(Entry {
                stale: self.stale(&manifest),
                blobs: decomposition::blobs_in(&dir)?,
                manifest,
            });
        }
        Ok(entries)
    }

    /// Begins a decomposition, or goes on with the one that was interrupted. An entry computed from something else
    /// (weights, images, preprocessing, precision, components) is thrown away; [`Writer::begun`] says so.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when another process writes the same entry; [`StoreError::Unknown`] for the set;
    /// [`StoreError::Io`] when the disk is full or read-only.
    pub fn begin(&self, model: &str, set: &str, header: &Header) -> Result<Writer, StoreError> {
        Writer::begin(self, model, set, header)
    }

    /// The finished decomposition of `set` by `model`.
    ///
    /// # Errors
    /// [`StoreError::NotDecomposed`], [`StoreError::Unfinished`] or [`StoreError::Stale`], each with the statement
    /// that helps; [`StoreError::Damaged`] for an unreadable manifest.
    pub fn decomposition(&self, model: &str, set: &str) -> Result<Decomposition, StoreError> {
        let dir = self.entry(model, set);
        let manifest = Manifest::load(&dir)?.ok_or_else(|| StoreError::NotDecomposed {
            model: model.to_owned(),
            set: set.to_owned(),
        })?;
        match self.stale(&manifest) {
            Some(why) => Err(StoreError::Stale {
                model: model.to_owned(),
                set: set.to_owned(),
                why,
            }),
            None => Decomposition::open(self.disk.clone(), dir, manifest),
        }
    }

    /// Removes a decomposition and everything computed from it.
    ///
    /// # Errors
    /// [`StoreError::NotDecomposed`] when there is none; [`StoreError::Io`] when it can't be removed.
    pub fn drop_decomposition(&self, model: &str, set: &str) -> Result<(), StoreError> {
        let dir = self.entry(model, set);
        if !dir.is_dir() {
            return Err(StoreError::NotDecomposed {
                model: model.to_owned(),
                set: set.to_owned(),
            });
        }
        let _lock = disk::lock(&self.disk, &dir)?;
        self.disk.remove(&dir.join("manifest.json"))?;
        std::fs::remove_dir_all(&dir).map_err(StoreError::io("remove", &dir))
    }

    /// What has changed since the decomposition was computed, when the model and the set can still be asked.
    fn stale(&self, manifest: &Manifest) -> Option<String> {
        let model = self.model(&manifest.model).ok();
        if model.is_some_and(|model| model.fingerprint != manifest.model_fingerprint) {
            return Some("the model's weights changed".to_owned());
        }
        let set = self.set_info(&manifest.set).ok();
        if set.is_some_and(|set| set.fingerprint != manifest.set_fingerprint) {
            return Some("the image set changed".to_owned());
        }
        None
    }

    fn entry(&self, model: &str, set: &str) -> PathBuf {
        self.root
            .join("decompositions")
            .join(format!("{model}@{set}"))
    }
}

/// Names become file names: letters, digits, `-` and `_`.
fn check_name(what: &'static str, name: &str) -> Result<(), StoreError> {
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

#[cfg(test)]
mod tests;
