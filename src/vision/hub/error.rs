//! Why a model of the hub is not to be had, each in one sentence that says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::work::cancel::Cancelled;

/// A hub's name whose files are nowhere on this computer, and can't be fetched either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NotHere {
    /// `facebook/dinov2-base`.
    pub id: String,
    /// The folders looked at.
    pub looked: Vec<PathBuf>,
    /// Whether `HF_HUB_OFFLINE` asks that nothing be fetched.
    pub offline: bool,
    /// The hub that could not be reached, and why.
    pub unreachable: Option<(String, String)>,
}

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = &self.id;
        let looked: Vec<String> = self
            .looked
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        write!(
            f,
            "{id} is neither a folder nor in the Hugging Face cache (looked at {})",
            looked.join(", ")
        )?;
        if let Some((endpoint, reason)) = &self.unreachable {
            write!(f, ", and {endpoint} can't be reached ({reason})")?;
        }
        f.write_str("; ")?;
        if self.offline {
            f.write_str("HF_HUB_OFFLINE is set, so ")?;
        }
        if self.offline || self.unreachable.is_some() {
            f.write_str("on a computer with a network ")?;
        }
        write!(
            f,
            "run `hf download {id}`, or put config.json, preprocessor_config.json (for transformers' models), tokenizer.json \
             (for a CLIP) and model.safetensors or pytorch_model.bin into ./{id} and try again"
        )
    }
}

/// A download that failed.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// No answer at all.
    #[error(
        "{endpoint} can't be reached ({reason}); check the network, HTTPS_PROXY and HF_ENDPOINT"
    )]
    Unreachable {
        /// The hub.
        endpoint: String,
        /// What the system said.
        reason: String,
    },
    /// The model's owner wants its terms accepted.
    #[error(
        "{id} is gated: accept its terms at {endpoint}/{id}, make a token at {endpoint}/settings/tokens and set HF_TOKEN \
         to it{}", if *.with_token { " (the present token is not enough)" } else { "" }
    )]
    Gated {
        /// The model.
        id: String,
        /// The hub.
        endpoint: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// The hub has none, or says so to whom it doesn't know.
    #[error(
        "{endpoint} has no model called {id}, or it is private: check the name{}",
        if *.with_token { " and that HF_TOKEN may read it" } else { ", or set HF_TOKEN to a token that may read it" }
    )]
    NoModel {
        /// The model.
        id: String,
        /// The hub.
        endpoint: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// The hub refused for another reason.
    #[error("{url} answered {status}; try again later")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The repository holds no checkpoint that is read.
    #[error(
        "{id} on {endpoint} holds no checkpoint that vitscope reads: it takes config.json or open_clip_config.json with \
         model.safetensors, pytorch_model.bin or their parts"
    )]
    NoCheckpoint {
        /// The model.
        id: String,
        /// The hub.
        endpoint: String,
    },
    /// An answer that is not the hub's.
    #[error("{url} did not answer as the Hugging Face hub does: {reason}; check HF_ENDPOINT")]
    Strange {
        /// What was asked for.
        url: String,
        /// What is odd about the answer.
        reason: String,
    },
    /// The connection broke off too often.
    #[error(
        "{file} broke off after {done} of {size} bytes ({reason}); the same statement goes on from there"
    )]
    BrokeOff {
        /// The file.
        file: String,
        /// How much has arrived.
        done: u64,
        /// How large it is.
        size: u64,
        /// What the system said.
        reason: String,
    },
    /// What arrived is not what was announced.
    #[error("{file} arrived damaged ({reason}) and was thrown away; run the statement again")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The index of weights in parts is no such index.
    #[error("{0}")]
    Index(String),
    /// The cache can't be written.
    #[error("{} could not be written: {}; HF_HUB_CACHE names another folder for the cache", path.display(), crate::interface::failure::in_words(reason))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// Stopped by the user; what has arrived is kept.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
