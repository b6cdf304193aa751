//! Every change to the disk goes through here: whole files only, by temporary file, fsync and rename.
//!
//! A process killed between any two steps leaves either the old file or the new one under the final name, and at worst
//! a temporary file that the next writer removes. Tests stop the disk after a given number of steps to prove it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use super::error::StoreError;

const TEMPORARY: &str = ".writing";

/// The file system, as far as the store writes to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    /// Refuses every change.
    pub read_only: bool,
    #[cfg(test)]
    steps_left: Option<Arc<AtomicI64>>,
}

impl Disk {
    /// A disk that fails for good after `steps` more steps, as if the process had been killed there.
    #[cfg(test)]
    pub fn dying_after(steps: i64) -> Self {
        Self {
            steps_left: Some(Arc::new(AtomicI64::new(steps))),
            ..Self::default()
        }
    }

    /// Whether anything may be changed at all.
    fn allowed(&self) -> io::Result<()> {
        if self.read_only {
            return Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem));
        }
        Ok(())
    }

    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        self.allowed()?;
        match &self.steps_left {
            Some(left) if left.fetch_sub(1, Ordering::SeqCst) <= 0 => {
                Err(io::Error::other("the process was killed here"))
            }
            _ => Ok(()),
        }
    }

    #[cfg(not(test))]
    fn step(&self) -> io::Result<()> {
        self.allowed()
    }

    /// Creates a folder and its parents; does nothing where it exists.
    pub fn create_dir(&self, dir: &Path) -> Result<(), StoreError> {
        if dir.is_dir() {
            return Ok(());
        }
        self.step()
            .and_then(|()| fs::create_dir_all(dir))
            .map_err(StoreError::io("create", dir))
    }

    /// Puts a file with these bytes at `path`, whole or not at all.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.begin(path)?;
        // Two halves, so that a test can stop between them as a full disk would.
        let (first, second) = bytes.split_at(bytes.len() / 2);
        for half in [first, second] {
            self.step()
                .and_then(|()| (&file.file).write_all(half))
                .map_err(StoreError::io("write", path))?;
        }
        file.commit()
    }

    /// Opens the temporary file that [`Unfinished::commit`] will turn into `path`.
    pub fn begin(&self, path: &Path) -> Result<Unfinished, StoreError> {
        let file = self
            .step()
            .and_then(|()| File::create(temporary(path)))
            .map_err(StoreError::io("write", path))?;
        Ok(Unfinished {
            disk: self.clone(),
            path: path.to_owned(),
            file,
            committed: false,
        })
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.step().and_then(|()| fs::remove_file(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes what writers that were killed left behind in a folder; the caller holds its lock.
    fn sweep(&self, dir: &Path) -> Result<(), StoreError> {
        for path in list(dir)? {
            if file_name(&path).ends_with(TEMPORARY) {
                self.remove(&path)?;
            }
        }
        Ok(())
    }
}

/// A file on its way to its name; removed when it is dropped before it gets there, so that a full disk is freed again.
#[derive(Debug)]
pub(crate) struct Unfinished {
    disk: Disk,
    path: PathBuf,
    pub file: File,
    committed: bool,
}

impl Unfinished {
    /// Gives the file its name, once its bytes are on the disk.
    pub fn commit(mut self) -> Result<(), StoreError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let step = || self.disk.step();
        step()
            .and_then(|()| self.file.sync_all())
            .and_then(|()| step())
            .and_then(|()| fs::rename(temporary(&self.path), &self.path))
            .and_then(|()| step())
            .and_then(|()| sync_folder(folder))
            .map_err(StoreError::io("write", &self.path))?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.committed {
            let _ = self.disk.remove(&temporary(&self.path)); // the next writer sweeps what is left
        }
    }
}

/// A lock on a folder that ends with the process that holds it, however that ends.
///
/// # Errors
/// [`StoreError::Busy`] when another process holds it.
pub(crate) fn lock(disk: &Disk, dir: &Path) -> Result<File, StoreError> {
    let (path, file) = lock_file(disk, dir)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(StoreError::Busy {
                path: dir.to_owned(),
            });
        }
        Err(fs::TryLockError::Error(error)) => unlockable(&path, error)?,
    }
    disk.sweep(dir)?;
    Ok(file)
}

/// As [`lock`], but waits for the other process: for folders whose files are small and written in a moment.
pub(crate) fn wait_for_lock(disk: &Disk, dir: &Path) -> Result<File, StoreError> {
    let (path, file) = lock_file(disk, dir)?;
    file.lock().or_else(|error| unlockable(&path, error))?;
    disk.sweep(dir)?;
    Ok(file)
}

/// Some network file systems know no locks; there the user sees to it that one process writes at a time.
fn unlockable(path: &Path, error: io::Error) -> Result<(), StoreError> {
    match error.kind() {
        io::ErrorKind::Unsupported => Ok(()),
        _ => Err(StoreError::io("lock", path)(error)),
    }
}

/// The empty `.lock` file stays: removing it would race with the next holder.
fn lock_file(disk: &Disk, dir: &Path) -> Result<(PathBuf, File), StoreError> {
    disk.allowed().map_err(StoreError::io("write", dir))?;
    disk.create_dir(dir)?;
    let path = dir.join(".lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(StoreError::io("write", &path))?;
    Ok((path, file))
}

/// The entries of a folder, sorted by name; none where there is no folder.
pub(crate) fn list(dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(StoreError::io("read", dir))?,
    };
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(StoreError::io("read", dir))?;
    paths.sort();
    Ok(paths)
}

/// A small file's text, `None` where there is no file.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, StoreError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some).map_err(StoreError::io("read", path)),
    }
}

/// The last part of a path, for messages and comparisons.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn temporary(path: &Path) -> PathBuf {
    path.with_file_name(format!(
        ".{}.{}{TEMPORARY}",
        file_name(path),
        std::process::id()
    ))
}

/// A rename is durable once its folder is synced; Windows has no such call and needs none.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
