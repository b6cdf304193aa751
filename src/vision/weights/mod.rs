//! A checkpoint's tensors: read from safetensors or PyTorch files, handed out by name and shape, accounted for at the end.
//!
//! Whoever builds a model takes what it needs with [`Weights::take`] and ends with [`Weights::finish`], which lists
//! everything that didn't fit at once: a wrong checkpoint is understood from one error, not from twenty.

mod account;
pub(crate) mod files;
mod numbers;
mod open;
mod stored;

pub use account::Weights;
pub(crate) use account::stand_in;
pub use files::fingerprint;
