//! Writing a decomposition part by part, so that a process killed at any moment loses no part that is
//! written.
//!
//! Order on the disk: maps, component table, manifest without parts, then for each part its file and the manifest that
//! lists it. A file the manifest doesn't list doesn't exist, for readers; the next writer removes or replaces it.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::decomposition::Decomposition;
use super::header::Header;
use super::manifest::{Manifest, Skipped};
use super::part;
use crate::decompose::{RowSpec, Rows};
use crate::store::directory::Store;
use crate::store::disk::{self, Disk};
use crate::store::error::StoreError;
use crate::store::hash::fingerprint_file;
use crate::store::names::check_name;
use crate::store::tensors::{self, Blob, NamedTensor};

/// What `begin` found in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Rows of the set that were there already and are kept.
    pub resumed: usize,
    /// Why an older entry was thrown away, when one was.
    pub stale: Option<String>,
    /// One sentence for each part that was listed but isn't whole, and will be computed again.
    pub damaged: Vec<String>,
}

/// Writes one decomposition; holds the entry's lock.
#[derive(Debug)]
pub struct Writer {
    disk: Disk,
    dir: PathBuf,
    manifest: Manifest,
    specs: Vec<RowSpec>,
    begun: Begun,
    _lock: File,
}

impl Writer {
    /// Begins in the folder `dir`, or goes on with what is there.
    pub(super) fn begin(
        store: &Store,
        dir: PathBuf,
        model: &str,
        set: &str,
        header: &Header,
    ) -> Result<Self, StoreError> {
        check_name("a model", model)?;
        let info = store.set_info(set)?;
        header.check()?;
        let disk = store.disk.clone();
        let lock = disk::lock(&disk, &dir)?;
        let mut manifest = Manifest::new(model, set, &info.fingerprint, info.rows, header);
        let mut begun = Begun::default();
        let mut on_disk = None;
        match Manifest::load(&dir) {
            Ok(Some(old)) => match old.differs(&manifest) {
                None => {
                    manifest = keep_whole_parts(&dir, old.clone(), &mut begun);
                    on_disk = Some(old);
                }
                why => begun.stale = why,
            },
            Ok(None) => {}
            Err(error) => begun.stale = Some(error.to_string()),
        }
        if on_disk.is_none() {
            clear(&disk, &dir)?;
        }
        write_constants(&disk, &dir, header)?;
        if on_disk.as_ref() != Some(&manifest) {
            manifest.save(&disk, &dir)?;
        }
        begun.resumed = manifest.covered();
        Ok(Self {
            disk,
            dir,
            manifest,
            specs: header.specs.clone(),
            begun,
            _lock: lock,
        })
    }

    /// What was found in the store: parts kept, stale or damaged ones.
    #[must_use]
    pub fn begun(&self) -> &Begun {
        &self.begun
    }

    /// The manifest so far.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The rows of the set that the next part covers; `None` when all are covered.
    #[must_use]
    pub fn pending(&self) -> Option<Range<usize>> {
        self.missing().next()
    }

    /// The rows of the set that each part covers which is still to be written, in the order in which they are to be.
    pub fn missing(&self) -> impl Iterator<Item = Range<usize>> {
        self.missing_parts()
            .map(|number| self.manifest.range(number))
    }

    /// The first row of the set not covered by a whole part; the number of images when all are.
    #[must_use]
    pub fn next_row(&self) -> usize {
        self.pending()
            .map_or(self.manifest.images, |range| range.start)
    }

    fn missing_parts(&self) -> impl Iterator<Item = usize> {
        let mut written = self
            .manifest
            .parts
            .iter()
            .map(|part| part.number)
            .peekable();
        (0..self.manifest.parts_in_all()).filter(move |number| written.next_if_eq(number).is_none())
    }

    /// Writes the part that covers [`Writer::pending`]. Every image of that range is either in `rows`, in order, or
    /// in `skipped`.
    ///
    /// # Errors
    /// [`StoreError::Mismatch`] when rows and skipped images don't make up the range or have another shape than was
    /// begun; [`StoreError::Io`] when the disk can't take them.
    pub fn write(&mut self, rows: &Rows, skipped: &[Skipped]) -> Result<(), StoreError> {
        let Some(number) = self.missing_parts().next() else {
            let why = "every image of the set is stored already".to_owned();
            return Err(StoreError::Mismatch(why));
        };
        check_cover(&self.manifest.range(number), rows, skipped)?;
        let bytes = part::encode(
            rows,
            &self.specs,
            self.manifest.dims,
            self.manifest.precision,
        )?;
        self.disk
            .write(&self.dir.join(Manifest::part_file(number)), &bytes)?;
        let entry = self.manifest.part(number, &bytes, rows.len(), skipped);
        self.manifest.parts.insert(number, entry);
        self.manifest.save(&self.disk, &self.dir)
    }

    /// Ends the writing and opens what was written.
    ///
    /// # Errors
    /// [`StoreError::Unfinished`] when rows are still pending.
    pub fn finish(self) -> Result<Decomposition, StoreError> {
        Decomposition::open(self.disk, self.dir, self.manifest)
    }
}

/// Drops from the manifest what isn't on the disk as it was written.
fn keep_whole_parts(dir: &Path, mut manifest: Manifest, begun: &mut Begun) -> Manifest {
    manifest.parts.retain(|part| {
        let path = dir.join(&part.file);
        let why = match fingerprint_file(&path) {
            Err(error) => error.to_string(),
            Ok(sha256) if sha256 != part.sha256 => {
                format!("{} is damaged (its checksum is wrong)", path.display())
            }
            Ok(_) => return true,
        };
        let (first, last) = (part.first, part.end - 1);
        begun.damaged.push(format!(
            "{why}; images {first} to {last} are computed again"
        ));
        false
    });
    manifest
}

/// Removes everything of an older entry, manifest first, so that it is gone as soon as it is no longer whole.
fn clear(disk: &Disk, dir: &Path) -> Result<(), StoreError> {
    disk.remove(&dir.join("manifest.json"))?;
    for path in disk::list(dir)? {
        if disk::file_name(&path) != ".lock" {
            disk.remove(&path)?;
        }
    }
    Ok(())
}

/// Writes the maps and the component table where they aren't there as they should be.
fn write_constants(disk: &Disk, dir: &Path, header: &Header) -> Result<(), StoreError> {
    let maps = Blob {
        tensors: (header.specs.iter().zip(&header.maps))
            .map(|(spec, map)| {
                let name = spec.component.to_string();
                NamedTensor::f32(name, &[spec.width, header.dims], map.clone())
            })
            .collect(),
        note: serde_json::Value::Null,
    };
    let files = [
        ("maps.safetensors", tensors::encode(&maps)?),
        ("components.parquet", component_table(dir, header)?),
    ];
    for (name, bytes) in files {
        let path = dir.join(name);
        if std::fs::read(&path).ok().as_ref() != Some(&bytes) {
            disk.write(&path, &bytes)?;
        }
    }
    Ok(())
}

fn component_table(dir: &Path, header: &Header) -> Result<Vec<u8>, StoreError> {
    let path = dir.join("components.parquet");
    let written = StoreError::table("written", &path);
    let specs = &header.specs;
    let text = |value: &dyn Fn(&RowSpec) -> String| specs.iter().map(value).collect::<Vec<_>>();
    let names = text(&|spec| spec.component.to_string());
    let kinds = text(&|spec| spec.component.kind.word().to_owned());
    let number = |value: &dyn Fn(&RowSpec) -> u32| specs.iter().map(value).collect::<Vec<_>>();
    let columns = vec![
        Column::new("id".into(), (0..specs.len() as u32).collect::<Vec<_>>()),
        Column::new("component".into(), names),
        Column::new("kind".into(), kinds),
        Column::new("layer".into(), number(&|spec| spec.component.layer.into())),
        Column::new("head".into(), number(&|spec| spec.component.head.into())),
        Column::new("width".into(), number(&|spec| spec.width as u32)),
    ];
    let mut bytes = Vec::new();
    DataFrame::new(specs.len(), columns)
        .and_then(|table| table.hstack(header.columns.columns()))
        .and_then(|mut table| ParquetWriter::new(&mut bytes).finish(&mut table))
        .map_err(written)?;
    Ok(bytes)
}

/// Rows and skipped images together must be the range, each image once, rows in order.
fn check_cover(range: &Range<usize>, rows: &Rows, skipped: &[Skipped]) -> Result<(), StoreError> {
    let ascending = rows.ids.is_sorted_by(|a, b| a < b);
    let mut ids: Vec<u32> = rows.ids.clone();
    ids.extend(skipped.iter().map(|image| image.id));
    ids.sort_unstable();
    if ascending && ids.into_iter().map(|id| id as usize).eq(range.clone()) {
        return Ok(());
    }
    Err(StoreError::Mismatch(format!(
        "a part must hold or skip the images {} to {}, each once and in order",
        range.start,
        range.end.saturating_sub(1)
    )))
}
