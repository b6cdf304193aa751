//! The file of an image table.

use std::fs::File;
use std::path::Path;

use crate::store::error::StoreError;

/// Rows per row group of the image table: reading one image reads at most so many.
pub(super) const ROW_GROUP: usize = 128;

/// Opens a table, of a set or of the user's.
pub(super) fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(StoreError::io("read", path))
}
