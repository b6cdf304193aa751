//! One part of a decomposition: an uncompressed Arrow IPC file with one record batch, read back slab by slab.
//!
//! Columns are `id` (u32), `z` and one fixed-size list per component, named as the component. Since nothing is
//! compressed and there is one batch, a column's values are one contiguous run of bytes: the Arrow footer says where,
//! and the run is used as a `&[f32]` where it lies in the mapped file. The footer also carries a CRC-32 per column, so
//! that a slab can be checked when it is first touched without reading the other columns.

use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use polars::prelude::{ArrowField, ArrowSchema, PlSmallStr, pf16};
use polars_arrow::array::{Array, FixedSizeListArray, PrimitiveArray};
use polars_arrow::datatypes::ArrowDataType;
use polars_arrow::io::ipc::format::ipc::{MessageHeaderRef, MessageRef, planus::ReadAsRoot};
use polars_arrow::io::ipc::{read::read_file_metadata, write};
use polars_arrow::record_batch::RecordBatchT;
use serde::{Deserialize, Serialize};

use crate::contributions::Slab;
use crate::decompose::{RowSpec, Rows};
use crate::files::mapped::MappedFile;
use crate::store::error::{StoreError, first_line};

/// How the pooled rows are kept; z is always f32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Exact: what completeness is checked on.
    #[default]
    F32,
    /// Half the size, about 5e-4 relative error per number: enough to rank and retrieve.
    F16,
}

impl Precision {
    fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

const CHECKSUMS: &str = "vitscope.crc32";

/// The part file's bytes. `rows` must fit `specs` and `dims`.
pub(crate) fn encode(
    rows: &Rows,
    specs: &[RowSpec],
    dims: usize,
    precision: Precision,
) -> Result<Vec<u8>, StoreError> {
    check_shapes(rows, specs, dims)?;
    let mut columns = vec![
        column("id", PrimitiveArray::from_vec(rows.ids.clone()).boxed()),
        list("z", dims, rows.len(), single(&rows.z)),
    ];
    let mut checksums = vec![
        crc32fast::hash(bytemuck::cast_slice(&rows.ids)),
        crc32fast::hash(bytemuck::cast_slice(&rows.z)),
    ];
    for (spec, slab) in specs.iter().zip(&rows.slabs) {
        let values = match precision {
            Precision::F32 => {
                checksums.push(crc32fast::hash(bytemuck::cast_slice(slab)));
                single(slab)
            }
            Precision::F16 => {
                let mut halves = vec![f16::ZERO; slab.len()];
                halves.convert_from_f32_slice(slab);
                let bits: &[u16] = half::slice::HalfFloatSliceExt::reinterpret_cast(&halves[..]);
                checksums.push(crc32fast::hash(bytemuck::cast_slice(bits)));
                let halves: Vec<pf16> = bytemuck::cast_vec(bits.to_vec());
                PrimitiveArray::from_vec(halves).boxed()
            }
        };
        columns.push(list(
            &spec.component.to_string(),
            spec.width,
            rows.len(),
            values,
        ));
    }
    write_batch(rows.len(), columns, &checksums)
        .map_err(|error| StoreError::Mismatch(format!("a part can't be encoded: {error}")))
}

fn check_shapes(rows: &Rows, specs: &[RowSpec], dims: usize) -> Result<(), StoreError> {
    let images = rows.len();
    let fits = rows.z.len() == images * dims
        && rows.slabs.len() == specs.len()
        && (rows.slabs.iter().zip(specs)).all(|(slab, spec)| slab.len() == images * spec.width);
    if fits {
        Ok(())
    } else {
        Err(StoreError::Mismatch(
            "the rows to be stored don't have the shape the decomposition was begun with"
                .to_owned(),
        ))
    }
}

type Named = (ArrowField, Box<dyn Array>);

fn column(name: &str, values: Box<dyn Array>) -> Named {
    let field = ArrowField::new(name.into(), values.dtype().clone(), false);
    (field, values)
}

fn single(values: &[f32]) -> Box<dyn Array> {
    PrimitiveArray::from_vec(values.to_vec()).boxed()
}

fn list(name: &str, width: usize, rows: usize, values: Box<dyn Array>) -> Named {
    let item = ArrowField::new("item".into(), values.dtype().clone(), false);
    let dtype = ArrowDataType::FixedSizeList(Box::new(item), width);
    column(
        name,
        FixedSizeListArray::new(dtype, rows, values, None).boxed(),
    )
}

fn write_batch(
    rows: usize,
    columns: Vec<Named>,
    checksums: &[u32],
) -> Result<Vec<u8>, polars::prelude::PolarsError> {
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let schema: ArrowSchema = fields
        .into_iter()
        .map(|field| (field.name.clone(), field))
        .collect();
    let schema = Arc::new(schema);
    let options = write::WriteOptions { compression: None };
    let mut writer = write::FileWriter::new(Vec::new(), schema.clone(), None, options);
    let checksums: Vec<_> = checksums.iter().map(|crc| format!("{crc:08x}")).collect();
    writer.set_custom_metadata(vec![(CHECKSUMS.to_owned(), checksums.join(" "))]);
    writer.start()?;
    writer.write(&RecordBatchT::try_new(rows, schema, arrays)?, None)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

/// A column's place in the file.
#[derive(Debug)]
struct Place {
    bytes: Range<usize>,
    checksum: u32,
    checked: AtomicBool,
}

/// A part mapped into memory. Slabs are checked against their checksums when first touched.
#[derive(Debug)]
pub struct MappedPart {
    path: PathBuf,
    repair: String,
    file: MappedFile,
    rows: usize,
    precision: Precision,
    /// `id`, `z`, then the components.
    places: Vec<Place>,
}

impl MappedPart {
    /// Maps the part at `path` and finds its columns; `repair` ends the sentence about a damaged part.
    pub(crate) fn open(
        path: &Path,
        specs: &[RowSpec],
        dims: usize,
        precision: Precision,
        repair: &str,
    ) -> Result<Self, StoreError> {
        let file = MappedFile::open(path).map_err(StoreError::io("read", path))?;
        let (rows, places) = find_columns(&file, specs, dims, precision)
            .map_err(|why| StoreError::damaged(path, why, repair))?;
        let part = Self {
            path: path.to_owned(),
            repair: repair.to_owned(),
            file,
            rows,
            precision,
            places,
        };
        part.checked(0)?;
        Ok(part)
    }

    /// How many images the part holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether every image of the part was skipped.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The row of each image in its set's table, ascending.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        bytemuck::cast_slice(&self.file[self.places[0].bytes.clone()])
    }

    /// The representations, `[rows, Dz]`, in the mapped file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the checksum is wrong.
    pub fn z(&self) -> Result<&[f32], StoreError> {
        Ok(bytemuck::cast_slice(self.checked(1)?))
    }

    /// The pooled rows of component `index`, `[rows, d]`, in the mapped file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the checksum is wrong.
    pub fn slab(&self, index: usize) -> Result<Slab<'_>, StoreError> {
        let bytes = self.checked(index + 2)?;
        Ok(match self.precision {
            Precision::F32 => Slab::Single(bytemuck::cast_slice(bytes)),
            Precision::F16 => Slab::Half(bytemuck::cast_slice::<u8, u16>(bytes).reinterpret_cast()),
        })
    }

    fn checked(&self, column: usize) -> Result<&[u8], StoreError> {
        let place = &self.places[column];
        let bytes = &self.file[place.bytes.clone()];
        if !place.checked.load(Ordering::Relaxed) {
            if crc32fast::hash(bytes) != place.checksum {
                let why = "the checksum of a column is wrong";
                return Err(StoreError::damaged(&self.path, why, &self.repair));
            }
            place.checked.store(true, Ordering::Relaxed);
        }
        Ok(bytes)
    }
}

/// Reads the Arrow footer and the batch's header, and holds them against what the manifest promises.
fn find_columns(
    file: &[u8],
    specs: &[RowSpec],
    dims: usize,
    precision: Precision,
) -> Result<(usize, Vec<Place>), String> {
    let unreadable = |error: polars::prelude::PolarsError| first_line(&error.to_string());
    let footer = read_file_metadata(&mut Cursor::new(file)).map_err(unreadable)?;
    let [block] = footer.blocks[..] else {
        return Err(format!(
            "it has {} record batches, not one",
            footer.blocks.len()
        ));
    };
    let names = ["id".to_owned(), "z".to_owned()];
    let names = (names.into_iter()).chain(specs.iter().map(|spec| spec.component.to_string()));
    if !footer.schema.iter_names().map(PlSmallStr::as_str).eq(names) {
        return Err("its columns are not the model's components".to_owned());
    }
    let checksums = (footer.custom_metadata.as_ref())
        .and_then(|metadata| metadata.get(CHECKSUMS))
        .and_then(|text| parse_checksums(text))
        .ok_or("it has no checksums")?;
    let start = usize::try_from(block.offset).map_err(|_| "its batch has no place")?;
    let body = usize::try_from(block.meta_data_length).map_err(|_| "its batch is cut short")?;
    let body = start.checked_add(body).ok_or("its batch is cut short")?;
    // The message is preceded by a continuation marker and its length, four bytes each.
    let message = file.get(start..body).and_then(|bytes| bytes.get(8..));
    let message = message.ok_or("it is cut short")?;
    let (rows, buffers) = batch_buffers(message).ok_or("its batch can't be read")?;
    // `id` has a validity and a values buffer; a list has its validity, its items' validity and their values.
    if buffers.len() != 2 + 3 * (specs.len() + 1) || checksums.len() != specs.len() + 2 {
        return Err("its columns are not whole".to_owned());
    }
    let sizes = [4, 4 * dims].into_iter();
    let sizes = sizes.chain(specs.iter().map(|spec| precision.bytes() * spec.width));
    let mut places = Vec::with_capacity(checksums.len());
    for ((column, size), checksum) in sizes.enumerate().zip(checksums) {
        let (offset, length) = buffers[1 + 3 * column];
        let begin = body.saturating_add(offset);
        let end = begin.saturating_add(length);
        // The casts to f32 rely on the alignment, which Arrow's padding of messages gives.
        if Some(length) != rows.checked_mul(size) || end > file.len() || begin % 4 != 0 {
            return Err("a column has the wrong size".to_owned());
        }
        places.push(Place {
            bytes: begin..end,
            checksum,
            checked: AtomicBool::new(false),
        });
    }
    Ok((rows, places))
}

fn parse_checksums(text: &str) -> Option<Vec<u32>> {
    text.split(' ')
        .map(|word| u32::from_str_radix(word, 16).ok())
        .collect()
}

/// The number of rows, and offset and length of every buffer of a record batch message.
fn batch_buffers(message: &[u8]) -> Option<(usize, Vec<(usize, usize)>)> {
    let message = MessageRef::read_as_root(message).ok()?;
    let Some(MessageHeaderRef::RecordBatch(batch)) = message.header().ok()? else {
        return None;
    };
    let rows = usize::try_from(batch.length().ok()?).ok()?;
    let buffers = (batch.buffers().ok()??.iter())
        .map(|buffer| {
            let offset = usize::try_from(buffer.offset()).ok()?;
            Some((offset, usize::try_from(buffer.length()).ok()?))
        })
        .collect::<Option<_>>()?;
    Some((rows, buffers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompose::Component;

    /// The components of a ViT-B/16 as its readout gives them: twelve layers of twelve heads and an MLP, what comes before
    /// them, and the constants.
    fn base() -> Vec<RowSpec> {
        let spec = |component, width| RowSpec { component, width };
        let layer = |layer| {
            let heads = (0..12).map(move |head| spec(Component::head(layer, head), 64));
            heads.chain([spec(Component::mlp(layer), 768)])
        };
        let mut specs = vec![spec(Component::init(), 768)];
        specs.extend((0..12).flat_map(layer));
        specs.push(spec(Component::bias(), 25));
        specs
    }

    #[test]
    fn an_image_costs_its_pooled_rows_its_representation_and_hardly_anything_else() {
        const IMAGES: usize = 512;
        const DIMS: usize = 768;
        let specs = base();
        let rows = Rows {
            ids: (0..IMAGES as u32).collect(),
            z: vec![0.0; IMAGES * DIMS],
            slabs: (specs.iter())
                .map(|spec| vec![0.0; IMAGES * spec.width])
                .collect(),
        };
        let numbers: usize = specs.iter().map(|spec| spec.width).sum();
        for (precision, of_rows, of_all) in [
            (Precision::F32, 77_000, 80_100),
            (Precision::F16, 38_500, 41_700),
        ] {
            assert!(numbers * precision.bytes() <= of_rows);
            let part = encode(&rows, &specs, DIMS, precision).expect("rows that fit");
            assert!(part.len() <= IMAGES * of_all, "{}", part.len() / IMAGES);
        }
    }
}
