//! Checkpoints by the names that the Hugging Face hub gives them, found in its cache on this computer or fetched into it.
//!
//! The cache's layout is that of huggingface_hub, so that Python finds what vitscope fetched and the other way round:
//! `models--ORG--NAME/refs/main` holds a commit, `snapshots/COMMIT/` its files, as links into `blobs/`.

mod blobs;
mod cache;
mod download;
mod environment;
pub mod error;
mod locate;
mod remote;

pub use environment::Environment;
pub use error::{HubError, NotHere};
pub use locate::{locate, obtain};
