//! A model of the hub, file by file: the small ones first, the weights last, so that a folder with weights is whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::blobs::{Blobs, make_folder, not_written};
use super::cache::model_folder;
use super::error::HubError;
use super::remote::{Listing, Remote};
use crate::vision::weights::files;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// What progress is counted in.
const MEGABYTE: u64 = 1_000_000;

/// Fetches what is read of the model `id` into the cache at `root`; gives its snapshot.
pub(super) fn model(
    remote: &Remote,
    id: &str,
    root: &Path,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<PathBuf, HubError> {
    progress.start(&format!("asking {} for {id}", remote.endpoint()), 0);
    let fetched =
        Download::new(remote, id, root, progress, cancel).and_then(|download| download.run());
    progress.finish();
    fetched
}

struct Download<'a> {
    /// As the user wrote it.
    id: &'a str,
    listing: Listing,
    root: &'a Path,
    folder: PathBuf,
    remote: &'a Remote,
    progress: &'a dyn Progress,
    cancel: &'a Cancel,
}

impl<'a> Download<'a> {
    fn new(
        remote: &'a Remote,
        id: &'a str,
        root: &'a Path,
        progress: &'a dyn Progress,
        cancel: &'a Cancel,
    ) -> Result<Self, HubError> {
        Ok(Self {
            id,
            listing: remote.list(id)?,
            root,
            folder: model_folder(root, id),
            remote,
            progress,
            cancel,
        })
    }

    fn snapshot(&self) -> PathBuf {
        self.folder.join("snapshots").join(&self.listing.commit)
    }

    fn run(&self) -> Result<PathBuf, HubError> {
        let none = || HubError::NoCheckpoint {
            id: self.id.to_owned(),
            endpoint: self.remote.endpoint().to_owned(),
        };
        let mut beside = files::wanted(&self.listing.files).ok_or_else(none)?;
        let mut weights = vec![beside.pop().ok_or_else(none)?];
        let is_index = files::is_index(Path::new(&weights[0]));
        if is_index {
            beside.append(&mut weights);
        }
        self.fetch(&beside, false)?;
        if let Some(index) = beside.last().filter(|_| is_index) {
            let parts = files::parts(&self.snapshot().join(index));
            weights = parts
                .map_err(|error| HubError::Index(error.to_string()))?
                .into_iter()
                .collect();
        }
        self.fetch(&weights, true)?;
        self.name_main()?;
        Ok(self.snapshot())
    }

    /// Fetches these files, one after the other: one connection fills most lines, and many would only break more often.
    fn fetch(&self, names: &[String], with_bar: bool) -> Result<(), HubError> {
        let mut described = Vec::new();
        for name in names {
            self.cancel.check()?;
            described.push(self.remote.describe(&self.listing, name)?);
        }
        if with_bar {
            let total: u64 = described.iter().map(|file| file.size).sum();
            let what = format!("downloading {} (MB)", self.id);
            self.progress.start(&what, total.div_ceil(MEGABYTE).max(1));
        }
        let blobs = Blobs {
            root: self.root,
            model: &self.folder,
            remote: self.remote,
            cancel: self.cancel,
        };
        let (snapshot, mut before) = (self.snapshot(), 0);
        for (name, file) in names.iter().zip(&described) {
            let arrived = |bytes: u64| {
                if with_bar {
                    self.progress.advance((before + bytes) / MEGABYTE);
                }
            };
            blobs.fetch(&self.listing.id, name, file, &snapshot, &arrived)?;
            before += file.size;
        }
        Ok(())
    }

    /// Notes which commit `main` is. Last, so that an older snapshot serves until this one is whole.
    fn name_main(&self) -> Result<(), HubError> {
        let folder = self.folder.join("refs");
        make_folder(&folder)?;
        let (path, new) = (folder.join("main"), folder.join(".main.new"));
        fs::write(&new, &self.listing.commit)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|reason| not_written(&path, reason))
    }
}
