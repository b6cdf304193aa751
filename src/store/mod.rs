//! Everything on disk: models, image sets, decompositions, cached texts, features.
//!
//! ```text
//! models/<name>.json                      a checkpoint's folder, family and fingerprint
//! sets/<set>/images.parquet, set.json     the image table; its fingerprint
//! decompositions/<model>@<set>/           manifest, parts, maps, and what is computed from them
//! texts/<clip>.safetensors                text embeddings already computed
//! features.toml                           the user's features
//! ```
//!
//! The store is created when first written to; reading an empty place finds an empty store. Every file is written whole
//! or not at all, and a cached thing is found by what it was computed from, never by its name alone.

mod decompositions;
mod directory;
mod disk;
mod error;
mod features;
mod hash;
mod models;
mod names;
pub mod pixels;
mod sets;
mod tensors;
mod texts;

pub(crate) use decompositions::array_column;
pub use decompositions::{
    Begun, Decomposition, Entry, Header, Manifest, MappedPart, PART_ROWS, Part, Precision, Skipped,
    Writer,
};
pub use directory::Store;
pub use error::StoreError;
pub use features::{Feature, Origin, TEMPLATES};
pub use hash::{fingerprint, fingerprint_file};
pub use models::{FileStamp, ModelEntry};
pub use sets::{AddReport, Holds, ImageSet, SetInfo, Summary, Unreadable, read_image, summaries};
pub use tensors::{Blob, NamedTensor, Numbers};
pub use texts::TextCache;

#[cfg(test)]
mod tests;
