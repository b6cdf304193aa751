//! From a hub's name, or a folder's, to the folder of a checkpoint.

use std::path::{Path, PathBuf};

use super::cache::{cache, model_folder, snapshot};
use super::download;
use super::environment::{Environment, is_offline};
use super::error::{HubError, NotHere};
use super::remote::Remote;
use crate::vision::error::CheckpointError;
use crate::vision::weights::files;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// The folder that `given` names: a folder, or else a model of the hub in its cache.
///
/// # Errors
/// [`CheckpointError::NotAFolder`], and [`CheckpointError::NotHere`] where `given` has the form of a hub's name.
pub fn locate(given: &str, environment: Environment<'_>) -> Result<PathBuf, CheckpointError> {
    let path = Path::new(given);
    if path.is_dir() {
        return Ok(path.to_owned());
    }
    if !is_id(given) || path.exists() {
        return Err(CheckpointError::NotAFolder(path.to_owned()));
    }
    let mut looked = vec![path.to_owned()];
    if let Some(root) = cache(environment) {
        let model = model_folder(&root, given);
        if let Some(snapshot) = snapshot(&model) {
            return Ok(snapshot);
        }
        looked.push(model);
    }
    Err(CheckpointError::NotHere(Box::new(NotHere {
        id: given.to_owned(),
        looked,
        offline: is_offline(environment),
        unreachable: None,
    })))
}

/// The folder that `given` names, as [`locate`] has it; a hub's model of which the cache lacks files is downloaded.
///
/// # Errors
/// As [`locate`], and [`CheckpointError::Hub`] where the download fails or is cancelled. What has arrived by then is
/// kept, and the next call goes on from there.
pub fn obtain(
    given: &str,
    environment: Environment<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<PathBuf, CheckpointError> {
    let located = locate(given, environment);
    let absent = match &located {
        Ok(folder) if Path::new(given).is_dir() || files::is_complete(folder) => return located,
        Ok(_) => None,
        Err(CheckpointError::NotHere(absent)) => Some(absent.clone()),
        Err(_) => return located,
    };
    let Some(root) = cache(environment).filter(|_| !is_offline(environment)) else {
        return located;
    };
    let remote = Remote::new(environment);
    match download::model(&remote, given, &root, progress, cancel) {
        Err(HubError::Unreachable { reason, .. }) if absent.is_some() => {
            let mut absent = absent.expect("it was looked at");
            absent.unreachable = Some((remote.endpoint().to_owned(), reason));
            Err(CheckpointError::NotHere(absent))
        }
        fetched => Ok(fetched.map_err(Box::new)?),
    }
}

/// `ORG/NAME`, of the characters that the hub allows.
fn is_id(given: &str) -> bool {
    let part = |part: &str| {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        !part.is_empty()
            && part.chars().all(allowed)
            && !part.starts_with('.')
            && !part.contains("--")
    };
    given
        .split_once('/')
        .is_some_and(|(organisation, name)| part(organisation) && part(name))
}
