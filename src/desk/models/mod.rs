//! Models: what is known about them, those in memory, and the tickets to run them.

pub mod about;
pub mod loaded;
pub mod maps;
pub mod passes;
pub mod second_order;
