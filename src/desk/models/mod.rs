//! Models: what is known about them, those in memory, and the tickets to run them.

pub mod loaded;
pub mod model_card;
pub mod passes;
pub mod through_head;
pub mod token_maps;
