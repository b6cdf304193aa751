//! Why texts can't be embedded.

use std::path::PathBuf;

use crate::vision::error::CheckpointError;
use crate::work::cancel::Cancelled;

/// Why texts can't be embedded.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The checkpoint has no text tower, or one that can't be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint's model is no CLIP.
    #[error(
        "{} is a {model_type} and reads no texts; a CLIP of transformers (model_type = clip) or open_clip does", folder.display()
    )]
    NoTexts {
        /// The checkpoint.
        folder: PathBuf,
        /// What its config says.
        model_type: String,
    },
    /// `tokenizer.json` is missing or can't be used.
    #[error("{}: {reason}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A text the tokenizer can't read.
    #[error("“{text}” can't be read: {reason}")]
    Unread {
        /// The text.
        text: String,
        /// Why.
        reason: String,
    },
    /// A template without a blank.
    #[error("the template “{0}” has no {{}} for the text to fill")]
    NoBlank(String),
    /// The work was stopped.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The tensor library refused an operation.
    #[error("the text tower failed: {0}")]
    Tensor(#[from] candle_core::Error),
}
