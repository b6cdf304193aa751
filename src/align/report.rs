//! What a fit says about itself: how it was done, so that it can be repeated, and how well it went.

use serde::{Deserialize, Serialize};

use super::options::FitOptions;

/// One epoch of a fit. The loss is `alignment + λ · penalty`; the penalty belongs to the maps alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// 0 is the start, before the first step.
    pub epoch: usize,
    /// Mean of 1 − cos over the epoch's training batches, while they were trained on; nothing at the start.
    pub train_alignment: Option<f64>,
    /// Mean penalty over the same steps.
    pub train_penalty: Option<f64>,
    /// Mean of 1 − cos on the held-out images, after the epoch.
    pub held_out_alignment: f64,
    /// (1/(C·K)) Σ‖W_iᵀW_i − I‖²_F after the epoch.
    pub penalty: f64,
}

/// Everything needed to judge and to repeat a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// The options, with every default filled in.
    pub options: FitOptions,
    /// The components, by name, in the order of the maps.
    pub components: Vec<String>,
    /// Width of the representation, `D`.
    pub dim: usize,
    /// Width of the target embedding, `K`.
    pub width: usize,
    /// Images trained on.
    pub images: usize,
    /// Images held out to choose the stopping point ([`super::held_out`] names them again).
    pub held_out_images: usize,
    /// Mean cosine on the held-out images, with the maps that were kept.
    pub held_out_cosine: f64,
    /// Mean cosine on the held-out images if every image were given the mean training embedding: what a fit that
    /// knows nothing about the image reaches.
    pub baseline_cosine: f64,
    /// Penalty of the maps that were kept.
    pub penalty: f64,
    /// The epoch whose maps were kept: the least held-out loss.
    pub best_epoch: usize,
    /// Epoch by epoch.
    pub curve: Vec<EpochReport>,
}
