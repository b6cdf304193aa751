//! Work on all cores.

pub mod threads;
pub mod workers;
