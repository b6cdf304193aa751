//! Taking a Vision Transformer's tensors out of a checkpoint.

use super::names::Names;
use super::state_dict;
use super::tensors::VitWeights;
use crate::vision::config::VitConfig;
use crate::vision::error::CheckpointError;
use crate::vision::weights::Weights;

impl VitWeights {
    /// Takes them from `weights`, and makes sure that nothing is missing, superfluous or misshapen.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`] lists everything that doesn't fit `config`.
    pub fn take(config: &VitConfig, mut weights: Weights) -> Result<Self, CheckpointError> {
        weights.rename(|name| state_dict::on_disk(config.dialect, name));
        let names = Names::of(config, &weights);
        let taken = names.take_all(config, &mut weights)?;
        for prefix in names.unused() {
            weights.ignore(&prefix);
        }
        weights.finish(&config.reason())?;
        Ok(taken)
    }
}
