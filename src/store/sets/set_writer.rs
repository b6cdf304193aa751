//! Writes the table of an image set, looking at every image once on the way.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use polars::io::parquet::write::BatchedWriter;
use polars::prelude::*;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::info::SetInfo;
use super::report::{AddReport, Unreadable};
use super::summary::Summaries;
use crate::interface::failure::in_words;
use crate::store::disk::{self, Disk, Unfinished};
use crate::store::error::StoreError;
use crate::store::hash::hex;
use crate::store::pixels::dimensions;
use crate::work::progress::Progress;

/// Where one image's bytes are.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    File(PathBuf),
    Nowhere,
}

/// Some rows on their way into the table.
pub(super) struct Batch<'a> {
    pub sources: Vec<Source<'a>>,
    /// Relative to the set's folder.
    pub paths: Vec<Option<String>>,
    /// Encoded masks, where the source has a column of them.
    pub masks: Option<Vec<Option<Vec<u8>>>>,
    /// The user's columns.
    pub columns: Vec<Column>,
}

/// Writes the table row group by row group and counts what it sees.
pub(super) struct SetWriter {
    disk: Disk,
    name: String,
    dir: PathBuf,
    table: PathBuf,
    file: Unfinished,
    writer: Option<BatchedWriter<BufWriter<Recording>>>,
    failure: Failure,
    _lock: File,
    hasher: Sha256,
    rows: usize,
    masks: bool,
    embedded: bool,
    columns: Vec<String>,
    summaries: Summaries,
    unreadable: Vec<Unreadable>,
    replaced: bool,
}

/// What the disk said when it refused to go on.
type Failure = Arc<Mutex<Option<io::Error>>>;

/// A file that remembers why writing to it failed.
struct Recording {
    file: File,
    failure: Failure,
}

impl Recording {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| {
            if let Ok(mut failure) = self.failure.lock() {
                *failure = Some(io::Error::from(error.kind()));
            }
        })
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.file.write(bytes);
        self.note(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.file.flush();
        self.note(result)
    }
}

struct Probe {
    size: Option<(u32, u32)>,
    digest: [u8; 32],
    why: Option<String>,
}

impl SetWriter {
    /// Begins the table of the set `name` in its folder `dir`.
    pub(super) fn new(disk: Disk, name: &str, dir: &Path) -> Result<Self, StoreError> {
        let lock = disk::lock(&disk, dir)?;
        let table = dir.join("images.parquet");
        Ok(Self {
            file: disk.begin(&table)?,
            disk,
            name: name.to_owned(),
            dir: dir.to_owned(),
            writer: None,
            failure: Failure::default(),
            _lock: lock,
            hasher: Sha256::new(),
            rows: 0,
            masks: false,
            embedded: false,
            columns: Vec::new(),
            summaries: Summaries::default(),
            unreadable: Vec::new(),
            replaced: dir.join("set.json").is_file(),
            table,
        })
    }

    /// Rows written so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Looks at the images of a batch and writes its rows as one row group.
    pub fn push(&mut self, batch: Batch<'_>) -> Result<(), StoreError> {
        let probes: Vec<Probe> = batch.sources.par_iter().map(probe).collect();
        for (row, probe) in probes.iter().enumerate() {
            self.hasher.update(probe.digest);
            if let Some(why) = &probe.why {
                let id = (self.rows + row) as u32;
                let image =
                    (batch.paths[row].clone()).unwrap_or_else(|| format!("{}[{id}]", self.name));
                let why = why.clone();
                self.unreadable.push(Unreadable { id, image, why });
            }
        }
        self.columns = batch
            .columns
            .iter()
            .map(|column| column.name().to_string())
            .collect();
        let frame = self
            .frame(batch, &probes)
            .map_err(StoreError::table("written", &self.table))?;
        self.rows += frame.height();
        self.summaries.push(&frame);
        self.write(frame)
    }

    fn frame(&mut self, batch: Batch<'_>, probes: &[Probe]) -> PolarsResult<DataFrame> {
        let rows = probes.len();
        let ids: Vec<u32> = (self.rows as u32..).take(rows).collect();
        let size = |pick: fn((u32, u32)) -> u32| {
            (probes.iter().map(|probe| probe.size.map(pick))).collect::<Vec<_>>()
        };
        let mut columns = vec![
            Column::new("id".into(), ids),
            Column::new("path".into(), batch.paths),
            Column::new("width".into(), size(|(width, _)| width)),
            Column::new("height".into(), size(|(_, height)| height)),
        ];
        columns.extend(batch.columns);
        if let Some(masks) = batch.masks {
            self.masks = true;
            columns.push(binary("mask", masks.iter().map(Option::as_deref)));
        }
        let bytes = batch.sources.iter().map(|source| match source {
            Source::Bytes(bytes) => Some(*bytes),
            _ => None,
        });
        self.embedded |= bytes.clone().any(|bytes| bytes.is_some());
        columns.push(binary("image", bytes));
        let mut frame = DataFrame::new(rows, columns)?;
        frame.rechunk_mut();
        Ok(frame)
    }

    fn write(&mut self, frame: DataFrame) -> Result<(), StoreError> {
        if self.writer.is_none() {
            let clone = self.file.file.try_clone();
            let file = clone.map_err(StoreError::io("write", &self.table))?;
            let failure = self.failure.clone();
            let file = Recording { file, failure };
            let writer = ParquetWriter::new(BufWriter::new(file))
                .batched(frame.schema())
                .map_err(StoreError::table("written", &self.table))?;
            self.writer = Some(writer);
        }
        let writer = self.writer.as_mut().expect("set above");
        writer
            .write_batch(&frame)
            .map_err(|error| self.failed(error))
    }

    /// The table library wraps what the disk said, and a full disk deserves its own sentence.
    fn failed(&self, error: PolarsError) -> StoreError {
        match self.failure.lock().ok().and_then(|mut said| said.take()) {
            Some(said) => StoreError::io("write", &self.table)(said),
            None => StoreError::table("written", &self.table)(error),
        }
    }

    /// Ends the writing: with it the set is there.
    pub(super) fn finish(
        self,
        from: &Path,
        folder: &Path,
        notes: Vec<String>,
        progress: &dyn Progress,
    ) -> Result<AddReport, StoreError> {
        progress.finish();
        if self.unreadable.len() == self.rows {
            let first = self.unreadable.first();
            let why = first.map_or_else(String::new, |first| {
                format!(": {} can't be read, {}", first.image, first.why)
            });
            let place = from.display();
            return Err(StoreError::Input(format!(
                "no image in {place} can be decoded{why}"
            )));
        }
        if let Some(writer) = &self.writer {
            writer.finish().map_err(|error| self.failed(error))?;
        }
        drop(self.writer);
        let info_path = self.dir.join("set.json");
        // Without set.json there is no set, so that a new table is never read with the old one's fingerprint.
        self.disk.remove(&info_path)?;
        self.file.commit()?;
        let info = SetInfo {
            rows: self.rows,
            fingerprint: hex(&self.hasher.finalize()),
            source: from.to_owned(),
            folder: folder.to_owned(),
            embedded: self.embedded,
            masks: self.masks,
            table_bytes: (self.table.metadata())
                .map_err(StoreError::io("read", &self.table))?
                .len(),
            columns: Some(self.summaries.finish()),
        };
        info.save(&self.disk, &self.dir)?;
        Ok(AddReport {
            images: self.rows,
            columns: self.columns,
            unreadable: self.unreadable,
            notes,
            replaced: self.replaced,
        })
    }
}

fn binary<'a>(name: &str, values: impl Iterator<Item = Option<&'a [u8]>>) -> Column {
    let mut column: BinaryChunked = values.collect();
    column.rename(name.into());
    column.into_series().into()
}

fn probe(source: &Source<'_>) -> Probe {
    let result = match source {
        Source::Bytes(bytes) => Ok(std::borrow::Cow::Borrowed(*bytes)),
        Source::File(path) => std::fs::read(path)
            .map(Into::into)
            .map_err(|error| in_words(&error)),
        Source::Nowhere => Err("the table holds neither bytes nor a path for it".to_owned()),
    };
    match result {
        Err(why) => Probe {
            size: None,
            digest: [0; 32],
            why: Some(why),
        },
        Ok(bytes) => {
            let size = dimensions(&bytes);
            Probe {
                digest: Sha256::digest(&bytes).into(),
                why: size.as_ref().err().cloned(),
                size: size.ok(),
            }
        }
    }
}
