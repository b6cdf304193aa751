//! Maps of images: where in them chosen components of a model contribute along texts.
//!
//! - [`ticket`]: the ticket to map images, and the mapper that it gives;
//! - [`searched`]: what a set's images are searched for: a concept, or the classes of a column;
//! - [`of_set`]: the maps of a set's images, one by one;
//! - [`one_image`]: the map of one image.

pub mod of_set;
pub mod one_image;
pub mod searched;
pub mod ticket;
