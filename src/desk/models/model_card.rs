//! [`ModelCard`]: what is known about a model without loading it.

use serde::{Deserialize, Serialize};

use crate::decompose::Component;
use crate::desk::DeskError;
use crate::store::ModelEntry;
use crate::vision::config::Place;

/// What is known about a model without loading it; kept with its entry in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelCard {
    /// What the checkpoint calls itself: `vit_base_patch16_224`, `clip`.
    pub architecture: String,
    /// Height and width of its input.
    pub image: (usize, usize),
    /// Width of the representation.
    pub dim: usize,
    /// Its components, in order.
    pub components: Vec<String>,
    /// How wide the row of each is.
    pub widths: Vec<usize>,
    /// Neurons of each MLP; empty in entries of earlier versions.
    #[serde(default)]
    pub neurons: Vec<u32>,
    /// Stage and block of each layer, in a model with stages.
    #[serde(default)]
    pub layer_places: Vec<Place>,
    /// Stage and block of each convolution branch.
    #[serde(default)]
    pub conv_places: Vec<Place>,
    /// How images are prepared, in words.
    pub preprocessing: String,
    /// Whether it has a text tower.
    pub is_clip: bool,
    /// Prompt templates that came with it.
    #[serde(default)]
    pub templates: Option<Vec<String>>,
}

impl ModelCard {
    /// What is kept with an entry.
    ///
    /// # Errors
    /// When the entry was written by another version.
    pub fn of(entry: &ModelEntry) -> Result<Self, DeskError> {
        serde_json::from_value(entry.about.clone()).map_err(|_| {
            let (name, folder) = (&entry.name, entry.folder.display());
            DeskError::refused(
                format!("the entry of {name} in the store was written by another version"),
                format!("run `add model {name} from \"{folder}\"` again"),
            )
        })
    }

    /// The components.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        self.components
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect()
    }
}
