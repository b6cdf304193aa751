//! What can be wrong with a checkpoint folder, each said in one sentence that names the place and the way out.

use std::path::{Path, PathBuf};

use crate::vision::faults::TensorFaults;
use crate::vision::hub::error::{HubError, NotHere};

/// A checkpoint folder that can't be read, or doesn't fit together.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The path names no folder.
    #[error(
        "{} is not a folder; give the folder that holds config.json and model.safetensors", .0.display()
    )]
    NotAFolder(PathBuf),
    /// The folder has no `config.json`.
    #[error(
        "{} has no config.json; give a folder as timm, transformers or open_clip save one", .0.display()
    )]
    NoConfig(PathBuf),
    /// The folder has no weights.
    #[error(
        "{} has no weights: neither model.safetensors nor pytorch_model.bin, nor one of them in parts with its \
         .index.json, nor a single .pth", .0.display()
    )]
    NoWeights(PathBuf),
    /// The operating system refused a file.
    #[error("{} could not be read: {}", path.display(), crate::interface::failure::in_words(reason))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: std::io::Error,
    },
    /// A file is not what its name promises, a truncated weights file for one.
    #[error("{} is damaged or not what its name says: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A weights file is of a kind that isn't read, on purpose.
    #[error("{} is not read: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why, and what would do.
        reason: String,
    },
    /// A hub's name for a checkpoint that is nowhere on this computer.
    #[error(transparent)]
    NotHere(Box<NotHere>),
    /// A checkpoint could not be fetched from the hub.
    #[error(transparent)]
    Hub(#[from] Box<HubError>),
    /// A configuration says something this version can't use.
    #[error("{}: {reason}", path.display())]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// What it says, and what would do.
        reason: String,
    },
    /// The configuration names a model of another kind.
    #[error("{}: {name} is not an architecture this version reads; it reads {known}", path.display())]
    UnknownArchitecture {
        /// The configuration file.
        path: PathBuf,
        /// What the file names.
        name: String,
        /// The families that can be read.
        known: &'static str,
    },
    /// Tensors are missing, superfluous, of another shape or not finite.
    #[error(transparent)]
    Tensors(Box<TensorFaults>),
    /// The tensor library refused an operation on checked tensors.
    #[error("the checkpoint's tensors could not be put together: {0}")]
    Tensor(#[from] candle_core::Error),
}

impl CheckpointError {
    /// A configuration error in the file at `path`.
    pub(crate) fn config(path: &Path, reason: impl Into<String>) -> Self {
        Self::Config {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// A damaged file at `path`.
    pub(crate) fn damaged(path: &Path, reason: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// A file at `path` of a kind that isn't read.
    pub(crate) fn refused(path: &Path, reason: impl Into<String>) -> Self {
        Self::Refused {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// The operating system's refusal of the file at `path`.
    pub(crate) fn read(path: &Path, reason: std::io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            reason,
        }
    }
}
