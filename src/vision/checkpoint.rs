//! A checkpoint folder as a whole: which model it holds, how images enter it, and its tensors when they are wanted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::Device;

use crate::decompose::Model;
use crate::kernels::Numbers;
use crate::vision::config::{self, ModelConfig};
use crate::vision::error::CheckpointError;
use crate::vision::preprocess::Preprocess;
use crate::vision::suspicions;
use crate::vision::weights::files::{self, is_open_clip};
use crate::vision::weights::{self, Weights};

/// A checkpoint folder, its configuration read and its weights still on disk.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The folder.
    pub folder: PathBuf,
    /// The model and its classes.
    pub config: ModelConfig,
    /// How images enter it.
    pub preprocess: Preprocess,
    /// What about the folder may not be meant, a sentence each.
    pub warnings: Vec<String>,
}

impl Checkpoint {
    /// Reads the configuration of the checkpoint in `folder`, a folder as timm, transformers or open_clip save it.
    ///
    /// # Errors
    /// [`CheckpointError`] where the folder holds no checkpoint that can be read.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let described = if is_open_clip(folder) {
            None
        } else {
            Preprocess::from_transformers(folder)?
        };
        let mut config = config::read(folder, described.as_ref().and_then(Preprocess::output))?;
        let mut warnings = Vec::new();
        let preprocess = match described {
            _ if config.is_timm() => Preprocess::from_timm(folder, config.image())?,
            _ if config.is_open_clip() => Preprocess::from_open_clip(folder, config.image())?,
            Some(preprocess) => preprocess,
            None => {
                let preprocess = Preprocess::published(&mut config);
                warnings.push(suspicions::unprepared(&config, &preprocess));
                preprocess
            }
        };
        let image = config.image();
        if preprocess.output() != Some(image) {
            let path = folder.join("preprocessor_config.json");
            let reason = format!(
                "it doesn't bring images to {} × {}, which the model takes; set size and crop_size",
                image.0, image.1
            );
            return Err(CheckpointError::config(&path, reason));
        }
        warnings.extend(suspicions::of(folder, &config, &preprocess)?);
        Ok(Self {
            folder: folder.to_owned(),
            config,
            preprocess,
            warnings,
        })
    }

    /// Loads the model, ready to be decomposed.
    ///
    /// # Errors
    /// [`CheckpointError`] where the weights are missing, damaged or don't fit the configuration.
    pub fn model(&self) -> Result<Arc<dyn Model>, CheckpointError> {
        self.model_multiplying(Numbers::F32)
    }

    /// As [`Self::model`], its linear layers by products of `numbers`. Its components sum to its representation as exactly;
    /// the heads' token terms, and what reaches a head, are exact in f32 alone.
    ///
    /// # Errors
    /// As [`Self::model`], and when this machine does not multiply such numbers.
    pub fn model_multiplying(&self, numbers: Numbers) -> Result<Arc<dyn Model>, CheckpointError> {
        self.model_on(&Device::Cpu, numbers)
    }

    /// As [`Self::model_multiplying`], onto a device.
    ///
    /// # Errors
    /// As [`Self::model_multiplying`], and when the device has no room for the weights.
    pub fn model_on(
        &self,
        device: &Device,
        numbers: Numbers,
    ) -> Result<Arc<dyn Model>, CheckpointError> {
        self.config.model(self.weights()?.on(device), numbers)
    }

    /// Opens the weights.
    ///
    /// # Errors
    /// [`CheckpointError`] where there are none, or a file is damaged.
    pub fn weights(&self) -> Result<Weights, CheckpointError> {
        Weights::open(&self.folder)
    }

    /// The files that make the model what it is: weights and configuration.
    ///
    /// # Errors
    /// [`CheckpointError`] where there are no weights.
    pub fn files(&self) -> Result<Vec<PathBuf>, CheckpointError> {
        files::all(&self.folder)
    }

    /// SHA-256 over the files that make the model what it is, as 64 hex digits.
    ///
    /// # Errors
    /// [`CheckpointError`] where a file can't be read.
    pub fn fingerprint(&self) -> Result<String, CheckpointError> {
        weights::fingerprint(&self.folder)
    }
}
