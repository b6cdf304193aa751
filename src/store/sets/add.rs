//! `add images`: writes an image set from a folder or a table.

use std::path::Path;

use super::report::AddReport;
use super::set_writer::SetWriter;
use super::{from_folder, from_table};
use crate::store::directory::Store;
use crate::store::error::StoreError;
use crate::store::names::check_name;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

impl Store {
    /// Adds the images in `from` as the set `name`, in place of one of that name.
    ///
    /// `from` is a folder (searched with its subfolders; `label` is the name of the subfolder; `labels` may be a csv with
    /// a column of file names and further columns) or a parquet or arrow file (with a column `image`, holding bytes or
    /// `{bytes, path}`, or a column of paths; every other column is kept as metadata).
    ///
    /// # Errors
    /// [`StoreError::NoImages`], [`StoreError::MissingColumn`] or [`StoreError::Input`] when `from` or `labels` are not
    /// like that; [`StoreError::Cancelled`], with nothing changed; [`StoreError::Io`] when the disk is full.
    pub fn add_images(
        &self,
        name: &str,
        from: &Path,
        labels: Option<&Path>,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<AddReport, StoreError> {
        check_name("an image set", name)?;
        let from = std::fs::canonicalize(from).map_err(StoreError::io("read", from))?;
        let dir = self.set_folder(name);
        // A source that is wrong is refused before anything is made.
        if from.is_dir() {
            let plan = from_folder::plan(&from, labels)?;
            let mut set = SetWriter::new(self.disk.clone(), name, &dir)?;
            progress.start("reading images", plan.len() as u64);
            from_folder::add(&plan, &mut set, cancel, progress)?;
            set.finish(&from, &from, plan.notes, progress)
        } else {
            if let Some(labels) = labels {
                return Err(StoreError::Input(format!(
                    "{} carries its own columns, so {} can't be added to it; join the two tables first",
                    from.display(),
                    labels.display()
                )));
            }
            let plan = from_table::plan(&from)?;
            let mut set = SetWriter::new(self.disk.clone(), name, &dir)?;
            progress.start("reading images", plan.rows as u64);
            from_table::add(&plan, &mut set, cancel, progress)?;
            let base = from.parent().unwrap_or(&from);
            set.finish(&from, base, plan.notes, progress)
        }
    }
}
