//! Maps of images: where in them chosen components of a model contribute along texts.
//!
//! - [`mapping`]: the ticket to map images, and the mapper that it gives;
//! - [`searched`]: what a set's images are searched for: a concept, or the classes of a column;
//! - [`map_set`]: the maps of a set's images, one by one;
//! - [`token_mapper`]: the map of one image.

pub mod map_set;
pub mod mapping;
pub mod searched;
pub mod token_mapper;
