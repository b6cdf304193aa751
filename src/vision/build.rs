//! From a configuration and tensors to a model that can be decomposed.

use std::sync::Arc;

use crate::decompose::Model;
use crate::kernels::Numbers;
use crate::vision::config::{Family, ModelConfig};
use crate::vision::error::CheckpointError;
use crate::vision::maxvit::MaxVit;
use crate::vision::maxvit_weights::MaxVitWeights;
use crate::vision::swin::Swin;
use crate::vision::swin_weights::SwinWeights;
use crate::vision::vit::Vit;
use crate::vision::vit_weights::VitWeights;
use crate::vision::weights::Weights;

impl ModelConfig {
    /// The model with these weights, ready to be decomposed; its linear layers multiply `numbers`.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists every tensor that doesn't fit.
    pub fn model(
        &self,
        weights: Weights,
        numbers: Numbers,
    ) -> Result<Arc<dyn Model>, CheckpointError> {
        Ok(match &self.family {
            Family::Vit(config) => {
                let weights = VitWeights::take(config, weights)?;
                Arc::new(Vit::new(config.clone(), weights, numbers)?)
            }
            Family::Swin(config) => {
                let weights = SwinWeights::take(config, weights)?;
                Arc::new(Swin::new(config.clone(), weights, numbers)?)
            }
            Family::MaxVit(config) => {
                let weights = MaxVitWeights::take(config, weights)?;
                Arc::new(MaxVit::new(config.clone(), weights, numbers)?)
            }
        })
    }
}
