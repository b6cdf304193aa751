//! CompAlign: one linear map per component into CLIP's embedding space (arXiv 2406.01583, section 4), so that texts can
//! be compared with what each component of any vision transformer contributes.

mod batches;
mod fit;
mod maps;
mod objective;
mod parameters;
mod random;
mod report;
mod start;
mod targets;

pub use fit::{AlignError, FitOptions, Start, fit, held_out};
pub use maps::{Aligned, Alignment};
pub use objective::{alignment_loss, penalty};
pub use random::Random;
pub use report::{EpochReport, FitReport};
pub use targets::{InMemoryTargets, NoTarget, Targets};

#[cfg(test)]
pub(crate) mod tests;
