//! Texts as CLIP sees them.

pub mod class_texts;
pub mod embeddings;
