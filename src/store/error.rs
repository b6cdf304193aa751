//! What can go wrong with the store, each as one sentence with the place and what to do.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::work::cancel::Cancelled;

/// Why the store, an image set or a decomposition can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder can't be read, written, created or removed.
    #[error("{}", sentence(doing, path, source))]
    Io {
        /// The verb: `read`, `write`, `create`, `remove`, `lock`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No folder was given and the system names none.
    #[error(
        "there is no home folder to keep the store in; name one with --store DIR or VITSCOPE_STORE"
    )]
    NoHome,
    /// A name that can't be a file name.
    #[error(
        "“{name}” can't name {what}: use letters, digits, - and _ only, at most 64, beginning with a letter or digit"
    )]
    BadName {
        /// `a model`, `an image set`, …
        what: &'static str,
        /// What was given.
        name: String,
    },
    /// There is no such model, set or feature.
    #[error("there is no {what} “{name}”{}; {how}", known_sentence(known))]
    Unknown {
        /// `model`, `image set`, `feature`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
        /// The statement that makes one.
        how: String,
    },
    /// The model's contributions to this set were never computed.
    #[error("{set} is not decomposed with {model} yet; run `decompose {set} with {model}`")]
    NotDecomposed {
        /// The model.
        model: String,
        /// The image set.
        set: String,
    },
    /// The decomposition was interrupted.
    #[error(
        "the decomposition of {set} with {model} is unfinished ({done} of {total} images); run `decompose {set} with {model}` to go on from there"
    )]
    Unfinished {
        /// The model.
        model: String,
        /// The image set.
        set: String,
        /// Images done.
        done: usize,
        /// Images in the set.
        total: usize,
    },
    /// The decomposition was computed from something that has changed since.
    #[error(
        "the decomposition of {set} with {model} is out of date ({why}); run `decompose {set} with {model}` to compute it again"
    )]
    Stale {
        /// The model.
        model: String,
        /// The image set.
        set: String,
        /// What changed.
        why: String,
    },
    /// A file of the store isn't what was written.
    #[error("{} is damaged ({why}); {how}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// What repairs it.
        how: String,
    },
    /// Another process is writing the same thing.
    #[error("another vitscope is writing {}; wait until it has finished", path.display())]
    Busy {
        /// What is being written.
        path: PathBuf,
    },
    /// The place given for images holds none.
    #[error("there are no images in {}{}; png, jpg, webp, bmp, gif and tiff files are looked for, in subfolders too", path.display(), found_sentence(found))]
    NoImages {
        /// The folder or table.
        path: PathBuf,
        /// Names of some other files in it.
        found: Vec<String>,
    },
    /// The images given can't be taken as a set; the sentence says why and what is expected.
    #[error("{0}")]
    Input(String),
    /// A table lacks a column.
    #[error("{} has no column {wanted}; its columns are {}", path.display(), columns.join(", "))]
    MissingColumn {
        /// The table.
        path: PathBuf,
        /// The column or columns that would do.
        wanted: String,
        /// The columns it has.
        columns: Vec<String>,
    },
    /// One image can't be decoded.
    #[error("{image} can't be read as an image: {why}")]
    Image {
        /// Its name, with its row in the set.
        image: String,
        /// What the decoder said.
        why: String,
    },
    /// A table can't be read or written.
    #[error("{} can't be {doing} as a table: {why}", path.display())]
    Table {
        /// `read` or `written`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What polars said.
        why: String,
    },
    /// What the caller hands over doesn't fit what was begun.
    #[error("{0}")]
    Mismatch(String),
    /// The user stopped it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl StoreError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn table<E: std::fmt::Display>(
        doing: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self + use<E> {
        let path = path.to_owned();
        move |why| Self::Table {
            doing,
            path,
            why: first_line(&why.to_string()),
        }
    }

    pub(crate) fn damaged(path: &Path, why: impl Into<String>, how: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into(),
            how: how.into(),
        }
    }
}

/// Library messages may run over several lines; a sentence has one.
pub(crate) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

fn sentence(doing: &str, path: &Path, source: &io::Error) -> String {
    let place = path.display();
    match source.kind() {
        ErrorKind::NotFound => format!("can't {doing} {place}: it does not exist"),
        ErrorKind::PermissionDenied => {
            format!(
                "can't {doing} {place}: permission denied; choose another place with --store DIR or change its rights"
            )
        }
        ErrorKind::ReadOnlyFilesystem => {
            format!(
                "can't {doing} {place}: it is on a read-only file system; choose another place with --store DIR"
            )
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!(
                "can't {doing} {place}: the disk is full; free some space and run it again (what was written whole is kept)"
            )
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            format!("can't {doing} {place}: a file is where a folder should be")
        }
        _ => format!(
            "can't {doing} {place}: {}",
            crate::interface::failure::in_words(source)
        ),
    }
}

fn known_sentence(known: &[String]) -> String {
    match known {
        [] => String::new(),
        names => format!(" (there is {})", names.join(", ")),
    }
}

fn found_sentence(found: &[String]) -> String {
    match found {
        [] => " (it is empty)".to_owned(),
        names => format!(" (it holds {})", names.join(", ")),
    }
}
