//! Reading a decomposition: whole columns from mapped parts, and nothing that wasn't asked for.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use polars::prelude::*;
use polars_arrow::array::{FixedSizeListArray, PrimitiveArray};

use super::manifest::Manifest;
use super::part::MappedPart;
use crate::decompose::{RowSpec, Rows};
use crate::files::buffer::Buffer;
use crate::store::disk::{self, Disk};
use crate::store::error::StoreError;
use crate::store::names::check_name;
use crate::store::tensors::{self, Blob};

/// A finished decomposition of one set by one model. Parts are mapped when first asked for, and stay mapped.
#[derive(Debug)]
pub struct Decomposition {
    disk: Disk,
    dir: PathBuf,
    manifest: Manifest,
    specs: Vec<RowSpec>,
    parts: Vec<OnceLock<MappedPart>>,
    maps: OnceLock<Vec<Buffer<f32>>>,
}

impl Decomposition {
    pub(crate) fn open(disk: Disk, dir: PathBuf, manifest: Manifest) -> Result<Self, StoreError> {
        if !manifest.is_complete() {
            return Err(StoreError::Unfinished {
                model: manifest.model.clone(),
                set: manifest.set.clone(),
                done: manifest.covered(),
                total: manifest.images,
            });
        }
        Ok(Self {
            specs: manifest.specs(&dir)?,
            parts: manifest.parts.iter().map(|_| OnceLock::new()).collect(),
            maps: OnceLock::new(),
            disk,
            dir,
            manifest,
        })
    }

    /// What it was computed from, and its parts.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The components and the width of their rows, in order.
    #[must_use]
    pub fn specs(&self) -> &[RowSpec] {
        &self.specs
    }

    /// Dimension of z.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.manifest.dims
    }

    /// Images that have rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.manifest.rows()
    }

    /// Whether no image has rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many parts there are.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    fn repair(&self) -> String {
        let (set, model) = (&self.manifest.set, &self.manifest.model);
        format!("run `decompose {set} with {model}` to compute it again")
    }

    /// Part `index`, mapped: its slabs are read where they lie, without a copy.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file is not the one that was written.
    pub fn part(&self, index: usize) -> Result<&MappedPart, StoreError> {
        if let Some(part) = self.parts[index].get() {
            return Ok(part);
        }
        let entry = &self.manifest.parts[index];
        let path = self.dir.join(&entry.file);
        let repair = self.repair();
        let part = MappedPart::open(
            &path,
            &self.specs,
            self.manifest.dims,
            self.manifest.precision,
            &repair,
        )?;
        let covered = |&id: &u32| (entry.first..entry.end).contains(&(id as usize));
        if part.len() != entry.rows || !part.ids().iter().all(covered) {
            let why = "it holds other images than the manifest says";
            return Err(StoreError::damaged(&path, why, repair));
        }
        Ok(self.parts[index].get_or_init(|| part))
    }

    /// Copies of the rows of the components `which` (indices into [`Self::specs`]) of one part, in that order; `z`
    /// stays empty unless asked for. Only those columns are read.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the part is not what was written.
    pub fn read(&self, part: usize, which: &[usize], with_z: bool) -> Result<Rows, StoreError> {
        let part = self.part(part)?;
        Ok(Rows {
            ids: part.ids().to_vec(),
            z: if with_z {
                part.z()?.to_vec()
            } else {
                Vec::new()
            },
            slabs: which
                .iter()
                .map(|&index| Ok(part.slab(index)?.single().into_owned()))
                .collect::<Result<_, StoreError>>()?,
        })
    }

    /// One part as a frame: `id`, then the named columns (`z` or a component, as queries write it) as f32 arrays.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a column there isn't, [`StoreError::Damaged`] for a part that isn't what was written.
    pub fn frame(&self, part: usize, columns: &[&str]) -> Result<DataFrame, StoreError> {
        let mapped = self.part(part)?;
        let mut frame = vec![Column::new("id".into(), mapped.ids())];
        for &name in columns {
            let (values, width) = if name == "z" {
                (mapped.z()?.to_vec(), self.dims())
            } else {
                let index = self.index(name)?;
                (
                    mapped.slab(index)?.single().into_owned(),
                    self.specs[index].width,
                )
            };
            frame.push(
                array_column(name, values, width, mapped.len()).map_err(self.unreadable(part))?,
            );
        }
        DataFrame::new(mapped.len(), frame).map_err(self.unreadable(part))
    }

    fn unreadable(&self, part: usize) -> impl FnOnce(PolarsError) -> StoreError + use<> {
        StoreError::table("read", &self.dir.join(&self.manifest.parts[part].file))
    }

    fn index(&self, name: &str) -> Result<usize, StoreError> {
        (self.specs.iter())
            .position(|spec| spec.component.to_string() == name)
            .ok_or_else(|| StoreError::Unknown {
                what: "component",
                name: name.to_owned(),
                known: Vec::new(),
                how: format!("`show units in {}` lists them", self.manifest.model),
            })
    }

    /// The constant map of component `index`, `[d, Dz]` row-major, where it lies in the file; all maps are checked
    /// with the first.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the file of maps is missing or not what was written.
    pub fn map(&self, index: usize) -> Result<&[f32], StoreError> {
        if self.maps.get().is_none() {
            let maps = self.load_maps()?;
            let _ = self.maps.set(maps); // another thread may have been quicker, with the same maps
        }
        Ok(&self.maps.get().expect("set above")[index])
    }

    fn load_maps(&self) -> Result<Vec<Buffer<f32>>, StoreError> {
        let path = self.dir.join("maps.safetensors");
        let damaged = |why: String| StoreError::damaged(&path, why, self.repair());
        let mut blob = tensors::load(&path, &self.repair())?
            .ok_or_else(|| damaged("it is missing".to_owned()))?;
        (self.specs.iter())
            .map(|spec| {
                let name = spec.component.to_string();
                (blob.take_f32(&name))
                    .filter(|map| map.len() == spec.width * self.manifest.dims)
                    .ok_or_else(|| damaged(format!("it has no map of {name}")))
            })
            .collect()
    }

    /// The component table: id, component, kind, layer, head, width and what the model's family adds.
    ///
    /// # Errors
    /// [`StoreError::Table`] when the file can't be read.
    pub fn components(&self) -> Result<DataFrame, StoreError> {
        let path = self.dir.join("components.parquet");
        let file = std::fs::File::open(&path).map_err(StoreError::io("read", &path))?;
        ParquetReader::new(file)
            .finish()
            .map_err(StoreError::table("read", &path))
    }

    /// Keeps something computed from this decomposition beside it (moments, an alignment), whole or not at all; its
    /// note is also written as `NAME.json`, for people. The decomposition's next recomputation removes it.
    ///
    /// # Errors
    /// [`StoreError::BadName`], or [`StoreError::Io`] when it can't be written.
    pub fn save_blob(&self, name: &str, blob: &Blob) -> Result<(), StoreError> {
        tensors::save(&self.disk, &self.blob_path(name)?, blob)?;
        let mut note = serde_json::to_string_pretty(&blob.note).expect("a note is JSON");
        note.push('\n');
        self.disk
            .write(&self.dir.join(format!("{name}.json")), note.as_bytes())
    }

    /// Reads what [`Self::save_blob`] kept; `None` when there is nothing of that name.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when its checksum is wrong: compute it again and save it.
    pub fn load_blob(&self, name: &str) -> Result<Option<Blob>, StoreError> {
        tensors::load(&self.blob_path(name)?, "it has to be computed again")
    }

    /// A blob's note, without its tensors; `None` where there is no such blob.
    ///
    /// # Errors
    /// [`StoreError::BadName`], or [`StoreError::Io`] when it can't be read.
    pub fn blob_note(&self, name: &str) -> Result<Option<serde_json::Value>, StoreError> {
        if !self.blob_path(name)?.is_file() {
            return Ok(None);
        }
        let text = disk::read_text(&self.dir.join(format!("{name}.json")))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// When a blob was written; nothing where there is none, or the system does not tell.
    #[must_use]
    pub fn blob_written(&self, name: &str) -> Option<SystemTime> {
        self.blob_path(name).ok()?.metadata().ok()?.modified().ok()
    }

    /// Removes a blob, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it can't be removed.
    pub fn remove_blob(&self, name: &str) -> Result<(), StoreError> {
        self.disk.remove(&self.blob_path(name)?)?;
        self.disk.remove(&self.dir.join(format!("{name}.json")))
    }

    /// Names of the blobs kept beside this decomposition, sorted.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the folder can't be listed.
    pub fn blobs(&self) -> Result<Vec<String>, StoreError> {
        blobs_in(&self.dir)
    }

    fn blob_path(&self, name: &str) -> Result<PathBuf, StoreError> {
        check_name("stored tensors", name)?;
        Ok(self.dir.join(format!("{name}.safetensors")))
    }

    /// Where the entry lies, for messages.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.dir
    }
}

/// Names of the blobs in an entry's folder, sorted.
pub(super) fn blobs_in(dir: &Path) -> Result<Vec<String>, StoreError> {
    let names = disk::list(dir)?.into_iter().filter_map(|path| {
        let name = disk::file_name(&path);
        Some(name.strip_suffix(".safetensors")?.to_owned())
    });
    let kept = names.filter(|name| name != "maps" && !name.starts_with('.'));
    Ok(kept.collect())
}

/// A column of vectors, `[rows, width]` row-major, as fixed-size lists.
pub(crate) fn array_column(
    name: &str,
    values: Vec<f32>,
    width: usize,
    rows: usize,
) -> PolarsResult<Column> {
    let values = PrimitiveArray::from_vec(values).boxed();
    let dtype = FixedSizeListArray::default_datatype(values.dtype().clone(), width);
    let array = FixedSizeListArray::try_new(dtype, rows, values, None)?;
    let series = Series::try_from((PlSmallStr::from(name), array.boxed()))?;
    Ok(series.into())
}
