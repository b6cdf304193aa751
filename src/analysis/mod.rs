//! What the contributions say: features as subspaces of CLIP's space, sufficient statistics, scores, rankings.

mod ablation;
mod agreement;
mod discriminant;
mod error;
mod group;
mod masks;
mod moments;
mod neurons;
mod probes;
mod projection;
mod rank_correlation;
mod ranking;
mod resampling;
mod retrieval;
mod scan;
mod score;
mod score_kind;
mod text_basis;
mod text_span;
mod token_maps;

mod vectors;

pub use ablation::{Ablated, Instead, Linear, ablate, mean_rows};
pub use agreement::{interval, overlap, places, spearman};
pub(crate) use discriminant::greatest;
pub use discriminant::{Classifier, Labels, Priors};
pub use error::AnalysisError;
pub use group::Group;
pub use masks::{Counts, average_precision, bounding_box, centre_prior, saliency, threshold};
pub use moments::{
    ComponentMoments, FindTensor, Moments, MomentsError, NamedTensor, gather_moments,
};
pub use neurons::{NeuronLayer, NeuronScores};
pub use probes::{FOLDS, chance, fit_classifier, probe_units};
pub use projection::{Projector, project_unit};
pub use ranking::{Ranked, rank, specific};
pub use resampling::{Replicate, resampled_scores, times_drawn};
pub(crate) use retrieval::Best;
pub use retrieval::{Found, furthest_along, most_alike};
pub use scan::{ScanResult, scan_scores};
pub use score::{score_from_moments, scores_from_moments};
pub use score_kind::ScoreKind;
pub use text_basis::TextBasis;
pub use text_span::{Pick, RANK as SPAN_RANK, Spread, text_span};
pub use token_maps::{Grid, NoGrid, TokenMap, along_directions};
pub use vectors::{Summed, summed};

#[cfg(test)]
mod tests;
