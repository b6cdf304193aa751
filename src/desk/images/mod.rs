//! Images of a set, and what is known about them.

mod clip_similarities;
pub mod halves;
pub mod labels;
pub mod one_image;
pub mod sample;
mod scored;
pub mod split;
pub mod true_columns;
