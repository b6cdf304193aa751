//! Vectors to a Parquet file, part by part: no more than one part of them is in memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::ParquetWriter;

use super::reading::Vectors;
use crate::desk::{Desk, DeskError};

/// Writes vectors to a file that takes its name when it is whole; gives the number of rows.
///
/// # Errors
/// When rows can't be read, or the file can't be written; none is left then.
pub(super) fn save_parts(
    vectors: &Vectors<'_>,
    path: &Path,
    desk: &Desk<'_>,
) -> Result<usize, DeskError> {
    let failed = |error: std::io::Error| DeskError::Refused {
        message: format!("can't write {}: {error}", path.display()),
        help: None,
    };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let file = File::create(&unfinished).map_err(failed)?;
    let mut rows = 0;
    let written = vectors.part(0).and_then(|first| {
        let mut writer = ParquetWriter::new(file).batched(first.schema())?;
        vectors.each_part(desk, &mut |part| {
            rows += part.height();
            Ok(writer.write_batch(&part)?)
        })?;
        Ok(writer.finish()?)
    });
    let renamed = written.and_then(|_| std::fs::rename(&unfinished, path).map_err(failed));
    if renamed.is_err() {
        // Whatever made writing fail is what the user should hear of.
        let _ = std::fs::remove_file(&unfinished);
    }
    renamed.map(|()| rows)
}
