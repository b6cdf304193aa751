//! Ablation in the decomposition: what a linear function of the representation would be, were some components'
//! contributions replaced. Only the direct effect is taken away: later components keep what they read from earlier ones.
//!
//! A linear function of z is a sum over components of `row_i · map_i`, so that any number of ablations of an image
//! costs additions of short vectors; one pass over the rows serves all of them.

mod ablate;
mod linear;
mod replacement;

pub use ablate::{Ablated, ablate};
pub use linear::Linear;
pub use replacement::{Instead, mean_rows};

#[cfg(test)]
mod tests;
