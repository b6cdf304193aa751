//! Maps of images: `heatmap` of one, `segment` of a set.

mod asked;
pub mod heatmap;
pub mod segment;
