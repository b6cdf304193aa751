//! Why an analysis gave no answer.

use super::score_kind::ScoreKind;
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
