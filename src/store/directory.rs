//! The place on the disk that everything is kept in.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::disk::{self, Disk};
use super::error::StoreError;

/// The directory that holds everything vitscope keeps.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) root: PathBuf,
    pub(super) disk: Disk,
}

impl Store {
    /// The store in `root`. Nothing is created until something is written.
    ///
    /// # Errors
    /// [`StoreError::Io`] when `root` is there but is no folder that can be read.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        disk::list(&root)?;
        Ok(Self {
            root,
            disk: Disk::default(),
        })
    }

    /// Where the store is when the user names no place: `vitscope` in the system's folder for application data.
    ///
    /// # Errors
    /// [`StoreError::NoHome`] when the system names none.
    pub fn default_root() -> Result<PathBuf, StoreError> {
        let base = etcetera::choose_base_strategy().map_err(|_| StoreError::NoHome)?;
        Ok(base.data_dir().join("vitscope"))
    }

    /// The same store, but nothing in it is changed: every write fails, and caches are not kept.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.disk.read_only = true;
        self
    }

    /// Whether nothing may be changed.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.disk.read_only
    }

    /// Where the store is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}
