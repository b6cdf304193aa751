//! The image sets of a store: listed, opened, removed.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use polars::prelude::*;

use super::image_set::ImageSet;
use super::info::SetInfo;
use super::summary::{self, Summary};
use super::table_file::open;
use crate::store::directory::Store;
use crate::store::disk::{self, file_name, read_text};
use crate::store::error::StoreError;
use crate::store::names::check_name;

impl Store {
    /// Names of the image sets, sorted.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the store can't be listed.
    pub fn sets(&self) -> Result<Vec<String>, StoreError> {
        Ok(disk::list(&self.root.join("sets"))?
            .iter()
            .filter(|dir| dir.join("set.json").is_file())
            .map(|dir| file_name(dir))
            .collect())
    }

    /// What is known about a set without reading its table.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] with the names there are; [`StoreError::Damaged`] when it is not whole.
    pub fn set_info(&self, name: &str) -> Result<SetInfo, StoreError> {
        let dir = self.set_folder(name);
        let text = match check_name("an image set", name) {
            Ok(()) => read_text(&dir.join("set.json"))?,
            Err(_) => None,
        };
        let Some(text) = text else {
            return Err(StoreError::Unknown {
                what: "image set",
                name: name.to_owned(),
                known: self.sets()?,
                how: format!("`add images {name} from \"FOLDER\"` adds one"),
            });
        };
        let how = "add the images again";
        let info: SetInfo = serde_json::from_str(&text)
            .map_err(|error| StoreError::damaged(&dir.join("set.json"), error.to_string(), how))?;
        let table = dir.join("images.parquet");
        match table.metadata() {
            Ok(file) if file.len() == info.table_bytes => Ok(info),
            _ => Err(StoreError::damaged(&table, "it is not whole", how)),
        }
    }

    /// A name for a set's table as it is now: another one where the table was written again.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it can't be looked at.
    pub fn table_stamp(&self, name: &str) -> Result<String, StoreError> {
        let table = self.set_folder(name).join("images.parquet");
        let meta = std::fs::metadata(&table).map_err(StoreError::io("read", &table))?;
        let modified = meta.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(format!("{} bytes, {:?}", meta.len(), since))
    }

    /// An image set with its metadata.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] with the names there are; [`StoreError::Damaged`] or [`StoreError::Table`] when its
    /// table is not whole.
    pub fn set(&self, name: &str) -> Result<ImageSet, StoreError> {
        let info = self.set_info(name)?;
        let table = self.set_folder(name).join("images.parquet");
        let mut reader = ParquetReader::new(open(&table)?);
        let schema = reader.schema().map_err(StoreError::table("read", &table))?;
        let columns = (schema.iter_names())
            .filter(|column| *column != "image" && *column != "mask")
            .map(ToString::to_string)
            .collect();
        let frame = (reader.with_columns(Some(columns)).finish())
            .map_err(StoreError::table("read", &table))?;
        Ok(ImageSet::new(name, table, info, frame))
    }

    /// Some columns of a set's metadata, those of them that it has: reads no others.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn metadata(&self, name: &str, columns: &[&str]) -> Result<DataFrame, StoreError> {
        self.set_info(name)?;
        let table = self.set_folder(name).join("images.parquet");
        let failed = StoreError::table("read", &table);
        let mut reader = ParquetReader::new(open(&table)?);
        let schema = match reader.schema() {
            Ok(schema) => schema,
            Err(error) => return Err(failed(error)),
        };
        let known = (columns.iter())
            .filter(|column| schema.contains(column))
            .map(|column| (*column).to_owned())
            .collect::<Vec<_>>();
        if known.is_empty() {
            return Ok(DataFrame::empty());
        }
        reader.with_columns(Some(known)).finish().map_err(failed)
    }

    /// What a set's metadata columns hold, from `set.json`; read off the table, and kept, where an older version of the
    /// program has added the set.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn summary(&self, name: &str) -> Result<(usize, Vec<Summary>), StoreError> {
        let mut info = self.set_info(name)?;
        if let Some(columns) = info.columns {
            return Ok((info.rows, columns));
        }
        let columns = summary::of(self.set(name)?.frame());
        info.columns = Some(columns.clone());
        if !self.is_read_only() {
            // Without it the next start takes as long as this one, no more.
            let _ = info.save(&self.disk, &self.set_folder(name));
        }
        Ok((info.rows, columns))
    }

    /// Removes an image set from the store; the user's own files and the decompositions stay.
    ///
    /// # Errors
    /// [`StoreError::Unknown`]; [`StoreError::Io`] when it can't be removed.
    pub fn drop_set(&self, name: &str) -> Result<(), StoreError> {
        let dir = self.set_folder(name);
        // A set that isn't whole can be removed too: only one that isn't there is refused.
        if check_name("an image set", name).is_err() || !dir.is_dir() {
            self.set_info(name)?;
        }
        self.disk.remove(&dir.join("set.json"))?;
        std::fs::remove_dir_all(&dir).map_err(StoreError::io("remove", &dir))
    }

    pub(crate) fn set_folder(&self, name: &str) -> PathBuf {
        self.root.join("sets").join(name)
    }
}
