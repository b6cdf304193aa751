//! What alignment and analysis read: the pooled rows of an image set, part by part, and the map of every component.
//!
//! The store implements [`Contributions`] over its files; [`InMemory`] holds everything and serves tests and library
//! users who made their rows themselves. Whoever reads holds one part at a time, so memory does not grow with the set.

mod filter;
mod in_memory;
mod parts;
mod slab;
#[cfg(test)]
pub(crate) mod synthetic;

pub use filter::{Keep, every_image};
pub(crate) use filter::{concerns, read_kept, read_kept_with_z};
pub use in_memory::{InMemory, ShapeError};
pub use parts::{Contributions, ReadError};
pub use slab::Slab;
pub(crate) use slab::take_rows;
