//! Why a fit gives no alignment.

use crate::contributions::ReadError;
use crate::work::cancel::Cancelled;

/// Why a fit gave no maps.
#[derive(Debug, thiserror::Error)]
pub enum AlignError {
    /// Stopped by the user.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Rows or targets could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nothing to train on, or nothing to hold out.
    #[error("an alignment needs at least 2 images, one of them held out; {0} take part")]
    TooFewImages(usize),
    /// Targets of the wrong shape.
    #[error("{got} target numbers came for {images} images; embeddings of {width} need {}", images * width)]
    TargetShape {
        /// Images asked for.
        images: usize,
        /// Width of an embedding.
        width: usize,
        /// Numbers that came.
        got: usize,
    },
    /// A target that is zero or not finite.
    #[error(
        "the target embedding of image {0} has no direction (it is zero or not finite); decompose it again"
    )]
    NoDirection(u32),
    /// The loss stopped being a number.
    #[error(
        "the loss is no longer finite in epoch {0}; a lower learning rate, or a smaller lambda, keeps it stable"
    )]
    Diverged(usize),
}
