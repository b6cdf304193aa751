//! The readout, pulled back through a recorded forward pass.
//!
//! With the data-dependent statistics frozen, the representation is linear in every node X `[T, D]` of the recording:
//!
//! ```text
//! z = Σ_k a_kᵀ X M_k + (what other branches add) + bias
//! ```
//!
//! with token weights a `[T]` per image and a map M `[D, Dz]` that is the same for all images. The walk starts at z
//! with a = 1, M = I and goes backwards; the two halves of the pair travel apart, because one is folded once per model
//! ([`Maps::fold`]) and the other pooled for every batch ([`pool`]). Each is a [`Carrier`] on the same [`walk`].

mod fold;
mod pool;
mod walk;

pub(super) use fold::Folding;
pub use fold::Maps;
pub(super) use pool::{Pooled, Pooling, pool};
pub(super) use walk::{Carrier, walk};
