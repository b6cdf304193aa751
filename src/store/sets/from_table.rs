//! A parquet or arrow file as an image set.

use std::path::{Path, PathBuf};

use polars::prelude::*;

use super::columns::{RESERVED, renamed_note, without_reserved};
use super::set_writer::{Batch, SetWriter, Source};
use super::table_file::{ROW_GROUP, open};
use crate::files::paths::has_extension;
use crate::store::error::StoreError;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Columns that may hold paths where there is no column `image`.
const PATH_COLUMNS: [&str; 4] = ["path", "file_name", "filename", "file"];

/// How the table will be read, before any image is.
pub(super) struct Plan {
    path: PathBuf,
    /// Arrow files are read whole, parquet files by slices.
    whole: Option<DataFrame>,
    /// The columns that are read.
    kept: Vec<String>,
    images: String,
    masks: bool,
    pub rows: usize,
    pub notes: Vec<String>,
}

/// Finds out what a table holds.
pub(super) fn plan(path: &Path) -> Result<Plan, StoreError> {
    let read = |error: PolarsError| StoreError::table("read", path)(error);
    let file = open(path)?;
    let parquet = has_extension(path, &["parquet", "pq"]);
    let arrow = has_extension(path, &["arrow", "ipc", "feather"]);
    let (schema, rows) = if parquet {
        let mut reader = ParquetReader::new(file);
        (
            reader.schema().map_err(read)?,
            reader.num_rows().map_err(read)?,
        )
    } else if arrow {
        (IpcReader::new(file).schema().map_err(read)?, 0)
    } else {
        return Err(StoreError::Input(format!(
            "{} is neither a folder of images nor a parquet or arrow file",
            path.display()
        )));
    };
    let columns: Vec<String> = schema.iter_names().map(ToString::to_string).collect();
    let images = (["image"].iter().chain(&PATH_COLUMNS))
        .find(|wanted| columns.iter().any(|column| column == *wanted))
        .ok_or_else(|| StoreError::MissingColumn {
            path: path.to_owned(),
            wanted: "of images (image, or path)".to_owned(),
            columns: columns.clone(),
        })?;
    let (kept, notes) = readable_columns(&schema, images);
    let mut plan = Plan {
        path: path.to_owned(),
        whole: None,
        masks: kept.iter().any(|column| column == "mask"),
        kept,
        images: (*images).to_owned(),
        rows,
        notes,
    };
    if arrow {
        let frame = (IpcReader::new(open(path)?).with_columns(Some(plan.kept.clone())))
            .finish()
            .map_err(read)?;
        plan.rows = frame.height();
        plan.whole = Some(frame);
    }
    if plan.rows == 0 {
        return Err(StoreError::Input(format!("{} has no rows", path.display())));
    }
    Ok(plan)
}

/// Leaves out columns of types that the table library wasn't built with, and large binary ones.
fn readable_columns(schema: &ArrowSchema, images: &str) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut notes) = (Vec::new(), Vec::new());
    for (name, field) in schema.iter() {
        let picture = name.as_str() == images || name == "mask";
        if readable(field.dtype()) && (picture || !is_binary(field.dtype())) {
            kept.push(name.to_string());
            if !picture && RESERVED.contains(&name.as_str()) {
                notes.push(renamed_note(name));
            }
        } else {
            notes.push(format!(
                "the column {name} is left out: its type can't be queried"
            ));
        }
    }
    (kept, notes)
}

fn is_binary(dtype: &ArrowDataType) -> bool {
    use ArrowDataType::{Binary, BinaryView, FixedSizeBinary, LargeBinary};
    matches!(
        dtype,
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_)
    )
}

fn readable(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as T;
    match dtype {
        T::Boolean
        | T::Int8
        | T::Int16
        | T::Int32
        | T::Int64
        | T::UInt8
        | T::UInt16
        | T::UInt32
        | T::UInt64
        | T::Float32
        | T::Float64
        | T::Utf8
        | T::LargeUtf8
        | T::Utf8View
        | T::Binary
        | T::LargeBinary
        | T::BinaryView => true,
        T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) => readable(item.dtype()),
        T::Struct(fields) => fields.iter().all(|field| readable(field.dtype())),
        _ => false,
    }
}

/// Reads the table in slices and writes its rows.
pub(super) fn add(
    plan: &Plan,
    set: &mut SetWriter,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<(), StoreError> {
    let base = plan.path.parent().unwrap_or(Path::new("."));
    for start in (0..plan.rows).step_by(ROW_GROUP) {
        cancel.check()?;
        let mut frame = slice(plan, start)?;
        let read = |error: PolarsError| StoreError::table("read", &plan.path)(error);
        let images = pictures(&mut frame, &plan.images).map_err(read)?;
        let masks = if plan.masks {
            Some(masks(base, &pictures(&mut frame, "mask").map_err(read)?))
        } else {
            None
        };
        let (columns, _) = without_reserved(frame);
        set.push(Batch {
            sources: (images.iter())
                .map(|picture| picture.source(base))
                .collect(),
            paths: images.iter().map(|picture| picture.path.clone()).collect(),
            masks,
            columns,
        })?;
        progress.advance(set.rows() as u64);
    }
    Ok(())
}

fn slice(plan: &Plan, start: usize) -> Result<DataFrame, StoreError> {
    if let Some(whole) = &plan.whole {
        return Ok(whole.slice(start as i64, ROW_GROUP));
    }
    ParquetReader::new(open(&plan.path)?)
        .with_columns(Some(plan.kept.clone()))
        .with_slice(Some((start, ROW_GROUP)))
        .finish()
        .map_err(StoreError::table("read", &plan.path))
}

/// An image or mask as a table holds it: its bytes, or where they are.
struct Picture {
    bytes: Option<Vec<u8>>,
    path: Option<String>,
}

impl Picture {
    fn source(&self, base: &Path) -> Source<'_> {
        match (&self.bytes, &self.path) {
            (Some(bytes), _) => Source::Bytes(bytes),
            (None, Some(path)) => Source::File(base.join(path)),
            (None, None) => Source::Nowhere,
        }
    }
}

/// Takes the column out of the frame: bytes, a path, or a struct of both.
fn pictures(frame: &mut DataFrame, name: &str) -> PolarsResult<Vec<Picture>> {
    let column = frame.drop_in_place(name)?;
    let (bytes, paths) = match column.dtype() {
        DataType::Struct(_) => {
            let fields = column.struct_()?;
            (
                fields.field_by_name("bytes").ok(),
                fields.field_by_name("path").ok(),
            )
        }
        DataType::String => (None, Some(column.as_materialized_series().clone())),
        _ => (Some(column.as_materialized_series().clone()), None),
    };
    let bytes = bytes.as_ref().map(|series| series.binary()).transpose()?;
    let paths = paths.as_ref().map(|series| series.str()).transpose()?;
    Ok((0..column.len())
        .map(|row| Picture {
            bytes: bytes.and_then(|bytes| bytes.get(row)).map(<[u8]>::to_vec),
            path: paths.and_then(|paths| paths.get(row)).map(str::to_owned),
        })
        .collect())
}

/// Masks are small: those in files are taken into the table.
fn masks(base: &Path, pictures: &[Picture]) -> Vec<Option<Vec<u8>>> {
    (pictures.iter())
        .map(|picture| match picture.source(base) {
            Source::Bytes(bytes) => Some(bytes.to_vec()),
            Source::File(path) => std::fs::read(path).ok(),
            Source::Nowhere => None,
        })
        .collect()
}
