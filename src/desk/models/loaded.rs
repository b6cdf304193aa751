//! The models of a session, loaded when they are first needed and kept.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::Device;

use crate::align::Aligned;
use crate::analysis::Moments;
use crate::decompose::Decomposer;
use crate::desk::DeskError;
use crate::kernels::Numbers;
use crate::kernels::device::Choice;
use crate::store::{ModelEntry, Store};
use crate::text::TextEncoder;
use crate::vision::checkpoint::Checkpoint;

/// A model in memory.
pub struct LoadedModel {
    /// Its checkpoint: configuration, preprocessing.
    pub checkpoint: Checkpoint,
    /// The model, its maps folded.
    pub decomposer: Decomposer,
}

/// What scores are computed from: aligned maps and moments, as read from the store.
pub struct Scoring {
    /// Every component's map into CLIP's space.
    pub aligned: Arc<Aligned>,
    /// Second moments over the images that scores are taken on.
    pub moments: Moments,
    /// Whether those are images that the alignment was not fitted on.
    pub apart: bool,
    /// How well the alignment does on images held out of its fit; nothing for a CLIP's own contributions.
    pub held_out_cosine: Option<f64>,
}

/// Models, text towers and moments, each under what it was loaded from.
#[derive(Default)]
pub struct LoadedModels {
    choice: Choice,
    /// The device that models run on, once it was needed.
    device: Option<Device>,
    models: HashMap<(String, Numbers), Arc<LoadedModel>>,
    texts: HashMap<String, Arc<TextEncoder>>,
    scorings: HashMap<String, Arc<Scoring>>,
}

impl LoadedModels {
    /// Models that will run on a device.
    #[must_use]
    pub fn on(choice: Choice) -> Self {
        Self {
            choice,
            ..Self::default()
        }
    }

    /// The model of a checkpoint, loaded onto the device and made ready; its linear layers multiply `numbers`.
    ///
    /// # Errors
    /// When the device is not there or does not multiply such numbers, or the checkpoint holds no model that can be read.
    pub fn load(
        &mut self,
        checkpoint: Checkpoint,
        numbers: Numbers,
    ) -> Result<LoadedModel, DeskError> {
        if self.choice == Choice::Cpu && numbers == Numbers::F16 {
            return Err(DeskError::refused(
                "a CPU does not multiply f16",
                "decompose with `forward bf16`, or run models on a GPU (`--device`)",
            ));
        }
        let device = match &self.device {
            Some(device) => device,
            None => self.device.insert(self.choice.open()?),
        };
        let decomposer = Decomposer::new(checkpoint.model_on(device, numbers)?)?;
        Ok(LoadedModel {
            checkpoint,
            decomposer,
        })
    }

    /// The model registered as `name`, loaded.
    ///
    /// # Errors
    /// When it is not registered, its files are gone or no longer a model that can be read, or changed since it was
    /// added.
    pub fn model(&mut self, store: &Store, name: &str) -> Result<Arc<LoadedModel>, DeskError> {
        self.model_multiplying(store, name, Numbers::F32)
    }

    /// As [`Self::model`], its linear layers by products of `numbers`.
    ///
    /// # Errors
    /// As [`Self::model`], and when this machine does not multiply such numbers.
    pub fn model_multiplying(
        &mut self,
        store: &Store,
        name: &str,
        numbers: Numbers,
    ) -> Result<Arc<LoadedModel>, DeskError> {
        let entry = store.model(name)?;
        let key = (entry.fingerprint.clone(), numbers);
        if let Some(loaded) = self.models.get(&key) {
            return Ok(loaded.clone());
        }
        unchanged(&entry)?;
        let loaded = self.load(Checkpoint::open(&entry.folder)?, numbers)?;
        Ok(self.keep(key, loaded))
    }

    /// Keeps a model that was loaded and multiplies f32, under its fingerprint.
    pub fn keep_model(&mut self, fingerprint: String, loaded: LoadedModel) -> Arc<LoadedModel> {
        self.keep((fingerprint, Numbers::F32), loaded)
    }

    fn keep(&mut self, key: (String, Numbers), loaded: LoadedModel) -> Arc<LoadedModel> {
        let kept = self.models.entry(key);
        kept.insert_entry(Arc::new(loaded)).get().clone()
    }

    /// The text tower of the CLIP registered as `name`.
    ///
    /// # Errors
    /// As [`Self::model`].
    pub fn texts(&mut self, store: &Store, name: &str) -> Result<Arc<TextEncoder>, DeskError> {
        let entry = store.model(name)?;
        if let Some(texts) = self.texts.get(&entry.fingerprint) {
            return Ok(texts.clone());
        }
        unchanged(&entry)?;
        let texts = Arc::new(TextEncoder::open(&entry.folder)?);
        self.texts.insert(entry.fingerprint, texts.clone());
        Ok(texts)
    }

    /// The moments kept under `key`, which says what they were gathered from.
    #[must_use]
    pub fn scoring(&self, key: &str) -> Option<Arc<Scoring>> {
        self.scorings.get(key).cloned()
    }

    /// Keeps moments under `key`.
    pub fn keep_scoring(&mut self, key: String, scoring: Scoring) -> Arc<Scoring> {
        self.scorings
            .entry(key)
            .insert_entry(Arc::new(scoring))
            .get()
            .clone()
    }

    /// Forgets moments: an alignment was fitted anew.
    pub fn forget_scorings(&mut self) {
        self.scorings.clear();
    }
}

/// Refuses a model whose files changed since it was added: what is stored of it would no longer be its.
fn unchanged(entry: &ModelEntry) -> Result<(), DeskError> {
    if entry.current_fingerprint()? == entry.fingerprint {
        return Ok(());
    }
    let (name, folder) = (&entry.name, entry.folder.display());
    Err(DeskError::refused(
        format!("the files of {name} in {folder} changed since it was added"),
        format!("run `add model {name} from \"{folder}\"` again"),
    ))
}
