//! What the contributions say: features as subspaces of CLIP's space, sufficient statistics, scores, rankings.

mod ablation;
mod agreement;
mod classes;
mod feature;
mod masks;
mod moments;
mod nearest;
mod neurons;
mod probes;
mod projection;
mod rank;
mod ranks;
mod resample;
mod scan;
mod score;
mod spans;
mod token_maps;
mod vectors;

pub use ablation::{Ablated, Instead, Linear, ablate, mean_rows};
pub use agreement::{interval, overlap, places, spearman};
pub(crate) use classes::greatest;
pub use classes::{Classifier, Labels, Priors};
pub use feature::TextBasis;
pub use masks::{Counts, average_precision, bounding_box, centre_prior, saliency, threshold};
pub use moments::{
    ComponentMoments, FindTensor, Moments, MomentsError, NamedTensor, gather_moments,
};
pub(crate) use nearest::Best;
pub use nearest::{Found, furthest_along, most_alike};
pub use neurons::{NeuronLayer, NeuronScores};
pub use probes::{FOLDS, chance, fit_classifier, probe_units};
pub use projection::{Projector, project_unit};
pub use rank::{Ranked, Unit, rank, specific};
pub use resample::{Replicate, resampled_scores, times_drawn};
pub use scan::{ScanResult, scan_scores};
pub use score::{ScoreKind, score_from_moments, scores_from_moments};
pub use spans::{Pick, RANK as SPAN_RANK, Spread, text_span};
pub use token_maps::{Grid, NoGrid, TokenMap, along_directions};
pub use vectors::summed;

use crate::contributions::ReadError;
use crate::work::cancel::Cancelled;

/// Why an analysis gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// Stopped by the user.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Rows could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The filter left too few images for a correlation.
    #[error("a score needs at least 2 images; {0} take part")]
    TooFewImages(u64),
    /// A score that moments do not determine.
    #[error("{0} needs the images themselves, not only their moments; scan the set instead")]
    NeedsImages(ScoreKind),
}

#[cfg(test)]
mod tests;
