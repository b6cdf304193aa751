//! [`Shelf`]: what lies in the store, looked up and kept open between the questions of a session. A second question reads
//! what the first one read only where it has changed: manifests and `set.json` say whether it has; they are small, and read
//! every time.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use polars::prelude::DataFrame;

use super::error::DeskError;
use crate::align::Aligned;
use crate::desk::images::split::Split;
use crate::desk::stored::alignment_file::{align_blob, load_alignment};
use crate::desk::stored::decomposition::Stored;
use crate::kernels::Numbers;
use crate::lang::catalog::Catalog;
use crate::store::{ImageSet, SetInfo, Store};
use crate::work::cancel::Cancel;

/// What can be looked up.
#[derive(Clone, Copy)]
pub struct Shelf<'a> {
    /// Everything on disk.
    pub store: &'a Store,
    /// What of it is open.
    pub open: &'a Open,
    /// The names there are.
    pub catalog: &'a Catalog,
    /// The session's results, by name.
    pub results: &'a BTreeMap<String, DataFrame>,
}

/// Image sets, decompositions and aligned maps that were asked about.
#[derive(Default)]
pub struct Open {
    sets: Map<String, Arc<ImageSet>>,
    splits: Map<String, (SetInfo, Arc<Split>)>,
    stored: Map<(String, String), Arc<Stored>>,
    aligned: Map<(String, String, String), (RestsOn, Carried)>,
}

type Map<K, V> = Mutex<HashMap<K, V>>;

/// What aligned maps rest on: fingerprints of the model, the set and the CLIP, what the model's forward pass multiplied, and
/// when the alignment was written.
type RestsOn = ([String; 3], Numbers, Option<SystemTime>);

/// A model's maps into CLIP's space, and how good they are.
#[derive(Clone)]
pub struct Carried {
    /// The maps.
    pub aligned: Arc<Aligned>,
    /// How well the alignment does on images held out of its fit; nothing for a CLIP's own contributions.
    pub held_out_cosine: Option<f64>,
}

fn get<K: Eq + Hash, V: Clone>(map: &Map<K, V>, key: &K) -> Option<V> {
    let map = map.lock().unwrap_or_else(PoisonError::into_inner);
    map.get(key).cloned()
}

fn keep<K: Eq + Hash, V: Clone>(map: &Map<K, V>, key: K, value: V) -> V {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    map.insert(key, value.clone());
    value
}

impl Shelf<'_> {
    /// An image set with its metadata.
    ///
    /// # Errors
    /// When there is none of this name, or its table is not whole.
    pub fn set(self, name: &str) -> Result<Arc<ImageSet>, DeskError> {
        let (kept, name) = (&self.open.sets, name.to_owned());
        let info = self.store.set_info(&name)?;
        match get(kept, &name).filter(|set| *set.info() == info) {
            Some(set) => Ok(set),
            None => {
                let set = Arc::new(self.store.set(&name)?);
                Ok(keep(kept, name, set))
            }
        }
    }

    /// How a set is split, from that one column.
    ///
    /// # Errors
    /// When there is no such set, or its table is not whole.
    pub fn split(self, set: &str) -> Result<Arc<Split>, DeskError> {
        let kept = &self.open.splits;
        let info = self.store.set_info(set)?;
        if let Some((_, split)) = get(kept, &set.to_owned()).filter(|(of, _)| *of == info) {
            return Ok(split);
        }
        let split = Arc::new(Split::of(&self.store.metadata(set, &["split"])?));
        Ok(keep(kept, set.to_owned(), (info, split)).1)
    }

    /// The stored contributions of a model on a set.
    ///
    /// # Errors
    /// When they are missing, unfinished, of another model or set than there is now, or damaged.
    pub fn stored(self, model: &str, set: &str) -> Result<Arc<Stored>, DeskError> {
        let kept = &self.open.stored;
        let key = (model.to_owned(), set.to_owned());
        let done = self.store.decomposition(model, set)?;
        match get(kept, &key).filter(|s| s.decomposition().manifest() == done.manifest()) {
            Some(stored) => Ok(stored),
            None => Ok(keep(kept, key, Arc::new(Stored::new(done)))),
        }
    }

    /// A model's maps carried into the space of a CLIP; its own maps for the CLIP itself.
    ///
    /// # Errors
    /// When the model is not aligned to this CLIP on the set; [`DeskError::Cancelled`].
    pub fn aligned(
        self,
        stored: &Stored,
        clip: &str,
        cancel: &Cancel,
    ) -> Result<Carried, DeskError> {
        let done = stored.decomposition();
        let manifest = done.manifest();
        let fingerprints = [
            manifest.model_fingerprint.clone(),
            manifest.set_fingerprint.clone(),
            self.store.model(clip)?.fingerprint,
        ];
        let written = done.blob_written(&align_blob(clip));
        let rests_on = (fingerprints, manifest.forward, written);
        let key = (
            manifest.model.clone(),
            manifest.set.clone(),
            clip.to_owned(),
        );
        let kept = &self.open.aligned;
        if let Some((_, carried)) = get(kept, &key).filter(|(of, _)| *of == rests_on) {
            return Ok(carried);
        }
        let alignment = load_alignment(self.store, stored, clip)?;
        cancel.check()?;
        let carried = Carried {
            aligned: Arc::new(Aligned::new(stored.contributions()?, &alignment)),
            held_out_cosine: alignment.report.map(|report| report.held_out_cosine),
        };
        Ok(keep(kept, key, (rests_on, carried)).1)
    }

    /// What the forward pass of a stored decomposition multiplied; f32 where there is none.
    #[must_use]
    pub fn multiplied(self, model: &str, set: &str) -> Numbers {
        let done = self.store.decomposition(model, set);
        done.map_or(Numbers::F32, |done| done.manifest().forward)
    }
}
