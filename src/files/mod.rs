//! Files as people name them and as memory sees them.

pub(crate) mod mapped;
pub mod paths;
pub mod read_only;
