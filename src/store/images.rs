//! Image sets: a table with one row per image, and the images it names or holds.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::UNIX_EPOCH;

use image::{DynamicImage, GrayImage, ImageReader, RgbImage};
use polars::prelude::*;
use polars_io::parquet::metadata::FileMetadataRef;
use serde::{Deserialize, Serialize};

use super::disk::{self, Disk, file_name, read_text};
use super::summary::{self, Summary};
use super::{Store, StoreError, check_name};
use crate::interface::failure::in_words;

/// Rows per row group of the image table: reading one image reads at most so many.
pub(crate) const ROW_GROUP: usize = 128;

/// Row groups of image bytes that are kept in memory.
const GROUPS_KEPT: usize = 4;

/// `sets/<set>/set.json`: what is known about a set without reading its table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetInfo {
    /// Number of images.
    pub rows: usize,
    /// Fingerprint of the images' content, in order; metadata isn't part of it.
    pub fingerprint: String,
    /// Where the images came from.
    pub source: PathBuf,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Whether the table holds the images themselves.
    pub embedded: bool,
    /// Whether the table holds a mask per image.
    pub masks: bool,
    /// Size of the table's file; another size means that adding the set was interrupted.
    pub table_bytes: u64,
    /// What the metadata columns hold; older versions didn't write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<Summary>>,
}

impl SetInfo {
    /// Writes `set.json` in a set's folder.
    pub(super) fn save(&self, disk: &Disk, dir: &Path) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(self).expect("plain values") + "\n";
        disk.write(&dir.join("set.json"), text.as_bytes())
    }
}

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
        Ok(ImageSet {
            name: name.to_owned(),
            table,
            info,
            frame,
            recent: Mutex::default(),
            footer: OnceLock::new(),
        })
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

impl ImageSet {
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

    /// Image `row`, decoded to RGB as it is stored: transparency is dropped and an EXIF orientation not applied.
    ///
    /// # Errors
    /// [`StoreError::Image`], with the image's name, when it can't be read or decoded.
    pub fn decode(&self, row: usize) -> Result<RgbImage, StoreError> {
        let decoded = decode(&self.bytes(row)?).map_err(|why| StoreError::Image {
            image: self.image_name(row),
            why,
        })?;
        Ok(decoded.into_rgb8())
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
        let decoded = decode(&bytes).map_err(|why| StoreError::Image {
            image: format!("the mask of {}", self.image_name(row)),
            why,
        })?;
        Ok(Some(decoded.into_luma8()))
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

/// Reads an image file as the images of a set are read.
///
/// # Errors
/// [`StoreError::Image`] when it can't be read or decoded.
pub fn read_image(path: &Path) -> Result<RgbImage, StoreError> {
    let failed = |why| StoreError::Image {
        image: path.display().to_string(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|error| failed(in_words(&error)))?;
    Ok(decode(&bytes).map_err(failed)?.into_rgb8())
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(StoreError::io("read", path))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err(unknown_format(bytes));
    }
    reader.decode().map_err(|error| error.to_string())
}

/// Width and height from the image's header, or why it is no image.
pub(crate) fn dimensions(bytes: &[u8]) -> Result<(u32, u32), String> {
    let reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| error.to_string())?;
    if reader.format().is_none() {
        return Err(unknown_format(bytes));
    }
    reader.into_dimensions().map_err(|error| error.to_string())
}

fn unknown_format(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "it is empty".to_owned()
    } else if std::str::from_utf8(bytes).is_ok() {
        "it is a text file".to_owned()
    } else {
        "its format is not known".to_owned()
    }
}
