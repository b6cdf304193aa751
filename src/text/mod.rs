//! Texts: CLIP's tokenizer and text tower, and the templates that texts are averaged over.

mod encoder;
mod open_clip;
mod tokens;
mod tower;

pub use encoder::{TextEncoder, TextError};
