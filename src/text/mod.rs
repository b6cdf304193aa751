//! Texts: CLIP's tokenizer and text tower, and the templates that texts are averaged over.

mod encoder;
mod error;
mod open_clip;
mod tokens;
mod tower;
mod transformers;

pub use encoder::TextEncoder;
pub use error::TextError;
