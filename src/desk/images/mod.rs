//! Images of a set, and what is known about them.

mod clip_similarities;
pub mod halves;
pub mod known;
pub mod labels;
pub mod one_image;
pub mod split;
