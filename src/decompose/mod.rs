//! RepDecompose: what every component contributes to the representation (arXiv 2406.01583, section 3), by pulling the
//! readout back through a recorded forward pass.

mod check;
mod component;
mod decomposer;
mod last_layers;
mod layers;
mod quads;
mod readout;
mod rows;
mod second_order;
mod token_terms;
mod trace;
mod windows;

pub use check::{EXACT, Identities, Identity};
pub use component::{Component, ComponentKind, NotAComponent};
pub use decomposer::{Decomposer, Model};
pub use last_layers::LastLayers;
pub use layers::{Attention, Groups, Linear, Mlp};
pub use readout::Maps;
pub use rows::{RowSpec, Rows};
pub use second_order::Through;
pub use token_terms::{Located, OwnTerms, TokenTerms};
pub use trace::{Detail, Reads, Signal, Trace};
pub use windows::Windows;
