//! The decompositions of a store: listed, begun, opened, removed.

use std::path::PathBuf;

use super::decomposition::{Decomposition, blobs_in};
use super::header::Header;
use super::manifest::Manifest;
use super::writer::Writer;
use crate::store::directory::Store;
use crate::store::disk;
use crate::store::error::StoreError;

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
                blobs: blobs_in(&dir)?,
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
        Writer::begin(self, self.entry(model, set), model, set, header)
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
