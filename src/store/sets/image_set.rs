//! An opened image set: its metadata, and the images it names or holds.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use image::{GrayImage, RgbImage};
use polars::prelude::*;
use polars_io::parquet::metadata::FileMetadataRef;

use super::info::SetInfo;
use super::table_file::{ROW_GROUP, open};
use crate::interface::failure::in_words;
use crate::store::error::StoreError;
use crate::store::pixels::{decode_mask, decode_rgb};

/// Row groups of image bytes that are kept in memory.
const GROUPS_KEPT: usize = 4;

/// An image set, its metadata in memory and its images read one by one.
#[derive(Debug)]
pub struct ImageSet {
    name: String,
    table: PathBuf,
    info: SetInfo,
    frame: DataFrame,
    recent: Mutex<VecDeque<(usize, Arc<DataFrame>)>>,
    /// The table's footer: of a large set, with its thousands of row groups, it takes longer to read than a row group.
    footer: OnceLock<FileMetadataRef>,
}

impl ImageSet {
    /// The set called `name` with this metadata; its images are read from `table`, or from where that says.
    pub(super) fn new(name: &str, table: PathBuf, info: SetInfo, frame: DataFrame) -> Self {
        Self {
            name: name.to_owned(),
            table,
            info,
            frame,
            recent: Mutex::default(),
            footer: OnceLock::new(),
        }
    }

    /// The name it goes by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All metadata: `id` (u32, the row number), `path` where images have one, `width`, `height`, then the user's
    /// columns. Without the images and masks themselves.
    #[must_use]
    pub fn frame(&self) -> &DataFrame {
        &self.frame
    }

    /// The names of the metadata columns.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        self.frame
            .schema()
            .iter_names()
            .map(PlSmallStr::as_str)
            .collect()
    }

    /// Number of images, unreadable ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.info.rows
    }

    /// Whether the set has no images; `add images` refuses such sets.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.info.rows == 0
    }

    /// Fingerprint of the images' content, in order.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.info.fingerprint
    }

    /// What is known about the set besides its table.
    #[must_use]
    pub fn info(&self) -> &SetInfo {
        &self.info
    }

    /// An image's name in messages: its path, or `set[row]`.
    #[must_use]
    pub fn image_name(&self, row: usize) -> String {
        match self.path(row) {
            Some(path) => format!("{}[{row}] ({path})", self.name),
            None => format!("{}[{row}]", self.name),
        }
    }

    /// An image's name in tables that show its row anyway: its path, or else `set[row]`.
    #[must_use]
    pub fn short_name(&self, row: usize) -> String {
        match self.path(row) {
            Some(path) => path.to_owned(),
            None => self.image_name(row),
        }
    }

    fn path(&self, row: usize) -> Option<&str> {
        self.frame.column("path").ok()?.str().ok()?.get(row)
    }

    /// The encoded bytes of image `row`.
    ///
    /// # Errors
    /// [`StoreError::Image`], with the image's name, when there is no such row or its file can't be read.
    pub fn bytes(&self, row: usize) -> Result<Vec<u8>, StoreError> {
        if row >= self.len() {
            let last = self.len().saturating_sub(1);
            return Err(StoreError::Image {
                image: format!("{}[{row}]", self.name),
                why: format!("the set's images are numbered 0 to {last}"),
            });
        }
        if self.info.embedded
            && let Some(bytes) = self.embedded("image", row)?
        {
            return Ok(bytes);
        }
        let failed = |why| StoreError::Image {
            image: self.image_name(row),
            why,
        };
        let path = self
            .path(row)
            .ok_or_else(|| failed("the table holds none".to_owned()))?;
        std::fs::read(self.info.folder.join(path)).map_err(|error| failed(in_words(&error)))
    }

    /// Image `row`, decoded to the pixels that Pillow gives: see [`crate::store::pixels`], for orientation too.
    ///
    /// # Errors
    /// [`StoreError::Image`], with the image's name, when it can't be read or decoded.
    pub fn decode(&self, row: usize) -> Result<RgbImage, StoreError> {
        decode_rgb(&self.bytes(row)?).map_err(|why| StoreError::Image {
            image: self.image_name(row),
            why,
        })
    }

    /// The mask of image `row`, where the set has masks: nonzero where the object is.
    ///
    /// # Errors
    /// [`StoreError::Image`] when the mask can't be decoded.
    pub fn mask(&self, row: usize) -> Result<Option<GrayImage>, StoreError> {
        if !self.info.masks || row >= self.len() {
            return Ok(None);
        }
        let Some(bytes) = self.embedded("mask", row)? else {
            return Ok(None);
        };
        let decoded = decode_mask(&bytes).map_err(|why| StoreError::Image {
            image: format!("the mask of {}", self.image_name(row)),
            why,
        })?;
        Ok(Some(decoded))
    }

    fn embedded(&self, column: &str, row: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let group = self.group(row / ROW_GROUP)?;
        let values = (group.column(column))
            .and_then(Column::binary)
            .map_err(StoreError::table("read", &self.table))?;
        Ok(values.get(row % ROW_GROUP).map(<[u8]>::to_vec))
    }

    /// A row group's images and masks; the last few are kept, since images are asked for in order.
    fn group(&self, group: usize) -> Result<Arc<DataFrame>, StoreError> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = recent.iter().find(|(number, _)| *number == group) {
            return Ok(frame.clone());
        }
        let held = [("image", self.info.embedded), ("mask", self.info.masks)];
        let columns = (held.iter().filter(|(_, held)| *held))
            .map(|(column, _)| (*column).to_owned())
            .collect();
        let mut reader = ParquetReader::new(open(&self.table)?);
        let failed = StoreError::table("read", &self.table);
        let footer = match self.footer.get() {
            Some(footer) => footer.clone(),
            None => match reader.get_metadata() {
                Ok(footer) => self.footer.get_or_init(|| footer.clone()).clone(),
                Err(error) => return Err(failed(error)),
            },
        };
        reader.set_metadata(footer);
        let frame = reader
            .with_columns(Some(columns))
            .with_slice(Some((group * ROW_GROUP, ROW_GROUP)))
            .finish()
            .map_err(failed)?;
        let frame = Arc::new(frame);
        recent.push_back((group, frame.clone()));
        if recent.len() > GROUPS_KEPT {
            recent.pop_front();
        }
        Ok(frame)
    }
}
