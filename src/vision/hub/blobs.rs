//! One file of the hub, fetched into the cache: whole or not there, and never twice.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::error::HubError;
use super::remote::{Described, Opened, Remote};
use crate::files::mapped::MappedFile;
use crate::work::cancel::Cancel;

/// How often a connection may break off without a single byte having come.
const ATTEMPTS: u32 = 4;

/// How many bytes are written between two looks at the cancel flag.
const CHUNK: usize = 1 << 18;

/// How long to wait before looking again whether another program is done with a file.
const PAUSE: Duration = Duration::from_millis(200);

/// The folder of a model in the cache.
pub(super) struct Blobs<'a> {
    /// The cache.
    pub root: &'a Path,
    /// The model's folder in it.
    pub model: &'a Path,
    /// The hub.
    pub remote: &'a Remote,
    /// Stops the work.
    pub cancel: &'a Cancel,
}

impl Blobs<'_> {
    /// Brings a file of the model `id` into the cache as `snapshot`/`name`; `arrived` hears how many of its bytes are here.
    pub(super) fn fetch(
        &self,
        id: &str,
        name: &str,
        file: &Described,
        snapshot: &Path,
        arrived: &dyn Fn(u64),
    ) -> Result<(), HubError> {
        let blob = self.model.join("blobs").join(&file.etag);
        make_folder(&self.model.join("blobs"))?;
        let _lock = self.lock(&file.etag)?;
        let whole = fs::metadata(&blob).is_ok_and(|found| found.len() == file.size);
        if !whole {
            let partial = blob.with_extension("incomplete");
            self.receive(id, name, file, &partial, arrived)?;
            verify(name, file, &partial)?;
            fs::rename(&partial, &blob).map_err(|reason| not_written(&blob, reason))?;
        }
        arrived(file.size);
        link(&file.etag, &blob, &snapshot.join(name))
    }

    /// Fetches what `partial` lacks of a file, on as many connections as it takes.
    fn receive(
        &self,
        id: &str,
        name: &str,
        file: &Described,
        partial: &Path,
        arrived: &dyn Fn(u64),
    ) -> Result<(), HubError> {
        let mut done = fs::metadata(partial).map_or(0, |found| found.len());
        if done > file.size {
            done = 0;
        }
        let mut failures = 0;
        while done < file.size || !partial.is_file() {
            self.cancel.check()?;
            let before = done;
            let ended = match self.remote.open(id, &file.url, done) {
                Ok(opened) => self.append(opened, partial, file.size, &mut done, arrived)?,
                Err(HubError::Unreachable { reason, .. }) => Some(reason),
                Err(error) => return Err(error),
            };
            let Some(reason) = ended else { continue };
            failures = if done > before { 1 } else { failures + 1 };
            if failures == ATTEMPTS {
                return Err(HubError::BrokeOff {
                    file: name.to_owned(),
                    done,
                    size: file.size,
                    reason,
                });
            }
            thread::sleep(PAUSE * failures);
        }
        Ok(())
    }

    /// Appends what comes to `partial`. Gives why it ended early, if it did.
    fn append(
        &self,
        mut opened: Opened,
        partial: &Path,
        size: u64,
        done: &mut u64,
        arrived: &dyn Fn(u64),
    ) -> Result<Option<String>, HubError> {
        let wrong = |reason| not_written(partial, reason);
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(partial)
            .map_err(wrong)?;
        file.set_len(opened.from).map_err(wrong)?;
        io::Seek::seek(&mut file, io::SeekFrom::Start(opened.from)).map_err(wrong)?;
        *done = opened.from;
        let mut chunk = vec![0; CHUNK];
        while *done < size {
            arrived(*done);
            self.cancel.check()?;
            // never more than was announced, whatever a server sends
            let room = chunk.len().min((size - *done) as usize);
            match opened.body.read(&mut chunk[..room]) {
                Ok(0) => return Ok(Some("the connection was closed".to_owned())),
                Ok(count) => {
                    file.write_all(&chunk[..count]).map_err(wrong)?;
                    *done += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Some(crate::interface::failure::in_words(&error))),
            }
        }
        file.sync_all().map_err(wrong)?;
        Ok(None)
    }

    /// Waits until no other program, huggingface_hub included, fetches the same file.
    fn lock(&self, etag: &str) -> Result<File, HubError> {
        let name = self.model.file_name().unwrap_or_default();
        let folder = self.root.join(".locks").join(name);
        make_folder(&folder)?;
        let path = folder.join(format!("{etag}.lock"));
        let file = File::create(&path).map_err(|reason| not_written(&path, reason))?;
        loop {
            self.cancel.check()?;
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                // A file system without locks: two programs at once are then the user's to avoid, as in huggingface_hub.
                Err(TryLockError::Error(_)) => return Ok(file),
            }
        }
    }
}

/// Large files are named by their SHA-256.
fn verify(name: &str, file: &Described, partial: &Path) -> Result<(), HubError> {
    let damaged = |reason: &str| {
        // a resumed download must not begin with damaged bytes
        let _ = fs::remove_file(partial);
        Err(HubError::Damaged {
            file: name.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let length = fs::metadata(partial).map_or(0, |found| found.len());
    if length != file.size {
        return damaged(&format!("{length} bytes instead of {}", file.size));
    }
    if file.etag.len() != 64 || length == 0 {
        return Ok(());
    }
    let bytes = MappedFile::open(partial).map_err(|reason| not_written(partial, reason))?;
    let sum = Sha256::digest(&bytes[..]);
    let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    if sum == file.etag.to_ascii_lowercase() {
        Ok(())
    } else {
        damaged("its SHA-256 is not the one announced")
    }
}

/// Makes `blob` the file at `path`: a relative link, so that the cache can be moved, or a copy where there are none.
fn link(etag: &str, blob: &Path, path: &Path) -> Result<(), HubError> {
    let wrong = |reason| not_written(path, reason);
    let folder = path.parent().unwrap_or(path);
    make_folder(folder)?;
    let beside = folder.join(format!(".{etag}.new"));
    let _ = fs::remove_file(&beside);
    let target = PathBuf::from("../../blobs").join(etag);
    #[cfg(unix)]
    let linked = std::os::unix::fs::symlink(target, &beside);
    #[cfg(not(unix))]
    let linked: io::Result<()> = Err(io::Error::other(format!("{}", target.display())));
    if linked.is_err() {
        fs::copy(blob, &beside).map_err(wrong)?;
    }
    fs::rename(&beside, path).map_err(wrong)
}

/// Makes a folder and those it is in.
pub(super) fn make_folder(path: &Path) -> Result<(), HubError> {
    fs::create_dir_all(path).map_err(|reason| not_written(path, reason))
}

/// The operating system's refusal to write at `path`.
pub(super) fn not_written(path: &Path, reason: io::Error) -> HubError {
    HubError::Write {
        path: path.to_owned(),
        reason,
    }
}
