//! Files as people name them and as memory sees them.

pub mod buffer;
pub(crate) mod mapped;
pub mod paths;
