//! Scores over again on resampled images and with resampled texts: how far a ranking depends on which were there.
//!
//! Images are resampled as a stream allows it: each takes part as often as a Poisson variable of mean 1 says, which for
//! many images is what drawing them with replacement comes to (Chamandy et al. 2012, "Estimating uncertainty for massive
//! data streams"). How often follows from the draw and the image's id alone, so that every model sees the same draws and
//! parts may come in any order. One pass serves all replicates.

mod pass;
mod replicate;
mod scores;
mod sums;

pub use replicate::{Replicate, times_drawn};
pub use scores::resampled_scores;
