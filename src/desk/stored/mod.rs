//! What is stored of a decomposition, and the tickets to read it.

pub(in crate::desk) mod alignment_file;
pub mod alignments;
pub mod clip_embeddings;
pub mod decomposition;
pub mod image_rows;
mod images_done;
pub mod last_layers;
pub mod moments;
pub mod rows;
