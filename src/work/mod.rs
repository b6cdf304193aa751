//! Long work: telling how far it has come, and stopping it.

pub mod cancel;
pub mod caught;
pub mod interrupt;
pub mod progress;
