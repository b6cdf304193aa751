//! Sessions: every front end runs statements through one.

mod ask;
mod assist;
mod engine;
mod last_answer;
mod run;
#[allow(clippy::module_inception)] // the folder holds what a session does, the file what it is
mod session;

use std::path::{Path, PathBuf};

pub use self::session::Session;
use crate::interface::failure::{Exit, Failure};
use crate::store::Store;

/// The store that is used when the user names none.
///
/// # Errors
/// [`Exit::Missing`] when the system has no place for one.
pub fn default_store(named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Store::default_root().map_err(|e| Failure::new(Exit::Missing, e.to_string())),
    }
}
