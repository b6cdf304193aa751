//! Text embeddings already computed, so that a question asked twice doesn't run the text tower twice.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;

use super::directory::Store;
use super::disk::{Disk, wait_for_lock};
use super::error::StoreError;
use super::names::check_name;
use super::tensors::{self, Blob, NamedTensor};

/// A text and the fingerprint of the templates it was averaged over.
type Key = (String, String);

/// The embeddings of one CLIP's text tower, in `texts/<fingerprint>.safetensors`.
#[derive(Debug)]
pub struct TextCache {
    disk: Disk,
    path: PathBuf,
    known: BTreeMap<Key, Vec<f32>>,
    changed: bool,
}

impl Store {
    /// The cache of the text tower with this fingerprint. A damaged cache counts as empty: it can be computed again.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the file is there but can't be read.
    pub fn texts(&self, clip_fingerprint: &str) -> Result<TextCache, StoreError> {
        check_name("a text tower", clip_fingerprint)?;
        let path = (self.root.join("texts")).join(format!("{clip_fingerprint}.safetensors"));
        Ok(TextCache {
            known: read(&path)?,
            disk: self.disk.clone(),
            path,
            changed: false,
        })
    }
}

impl TextCache {
    /// The embedding of `text` under the templates with this fingerprint, `[K]`.
    #[must_use]
    pub fn get(&self, text: &str, templates: &str) -> Option<&[f32]> {
        let key = (text.to_owned(), templates.to_owned());
        self.known.get(&key).map(Vec::as_slice)
    }

    /// Remembers an embedding, until [`Self::save`] for this process only.
    pub fn insert(&mut self, text: &str, templates: &str, embedding: Vec<f32>) {
        self.known
            .insert((text.to_owned(), templates.to_owned()), embedding);
        self.changed = true;
    }

    /// Writes what was added, together with what other processes have added meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the store can't be written.
    pub fn save(&mut self) -> Result<(), StoreError> {
        if !self.changed || self.disk.read_only {
            return Ok(());
        }
        let dir = self
            .path
            .parent()
            .expect("the path has a file name")
            .to_owned();
        let _lock = wait_for_lock(&self.disk, &dir)?;
        for (key, embedding) in read(&self.path)? {
            self.known.entry(key).or_insert(embedding);
        }
        let width = self.known.values().next().map_or(0, Vec::len);
        if self
            .known
            .values()
            .any(|embedding| embedding.len() != width)
        {
            let why = "the text embeddings of one tower differ in length".to_owned();
            return Err(StoreError::Mismatch(why));
        }
        let keys: Vec<_> = self.known.keys().collect();
        let values: Vec<f32> = self.known.values().flatten().copied().collect();
        let blob = Blob {
            tensors: vec![NamedTensor::f32("embeddings", &[keys.len(), width], values)],
            note: json!({ "texts": keys }),
        };
        tensors::save(&self.disk, &self.path, &blob)?;
        self.changed = false;
        Ok(())
    }
}

fn read(path: &std::path::Path) -> Result<BTreeMap<Key, Vec<f32>>, StoreError> {
    let mut blob = match tensors::load(path, "it is computed again") {
        Err(StoreError::Damaged { .. }) | Ok(None) => return Ok(BTreeMap::new()),
        Ok(Some(blob)) => blob,
        Err(error) => return Err(error),
    };
    let keys: Vec<Key> = serde_json::from_value(blob.note["texts"].take()).unwrap_or_default();
    let values = blob.take_f32("embeddings").unwrap_or_default();
    if keys.is_empty() || values.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = values.chunks_exact(values.len() / keys.len());
    Ok(keys.into_iter().zip(rows.map(<[f32]>::to_vec)).collect())
}
