//! CompAlign: one linear map per component into CLIP's embedding space (arXiv 2406.01583, section 4), so that texts can
//! be compared with what each component of any vision transformer contributes.

mod adam;
mod batches;
mod error;
mod fit;
mod maps;
mod objective;
mod options;
mod parameters;
mod procrustes;
mod random;
mod report;
mod targets;
mod trainer;

pub use batches::held_out;
pub use error::AlignError;
pub use fit::fit;
pub use maps::{Aligned, Alignment};
pub use objective::{alignment_loss, penalty};
pub use options::{FitOptions, Start};
pub use random::Random;
pub use report::{EpochReport, FitReport};
pub use targets::{InMemoryTargets, NoTarget, Targets};

#[cfg(test)]
pub(crate) mod tests;
