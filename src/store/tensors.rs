//! Named tensors with a JSON note, in one safetensors file: maps, moments, alignments, cached text embeddings.
//!
//! The note and a checksum travel in the file's own metadata, so that tensors and note are always of one piece.

use std::borrow::{Borrow, Cow};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use safetensors::{Dtype, SafeTensors, View};
use serde_json::Value;

use super::disk::Disk;
use super::error::StoreError;
use crate::files::buffer::Buffer;
use crate::files::mapped::MappedFile;

/// The numbers of one tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Single precision.
    F32(Buffer<f32>),
    /// Double precision, for sums over many images.
    F64(Buffer<f64>),
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }
}

/// A tensor with its name and shape.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its name, unique within the file.
    pub name: String,
    /// Its shape; the product is the number of values.
    pub shape: Vec<usize>,
    /// Its values.
    pub numbers: Numbers,
}

impl NamedTensor {
    /// An f32 tensor.
    #[must_use]
    pub fn f32(name: impl Into<String>, shape: &[usize], values: impl Into<Buffer<f32>>) -> Self {
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            numbers: Numbers::F32(values.into()),
        }
    }

    /// An f64 tensor.
    #[must_use]
    pub fn f64(name: impl Into<String>, shape: &[usize], values: impl Into<Buffer<f64>>) -> Self {
        Self {
            name: name.into(),
            shape: shape.to_vec(),
            numbers: Numbers::F64(values.into()),
        }
    }
}

/// Tensors and a note about them. What they mean is the caller's business.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blob {
    /// The tensors; the file orders them by name.
    pub tensors: Vec<NamedTensor>,
    /// Anything that JSON can hold.
    pub note: Value,
}

impl Blob {
    /// The tensor of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&NamedTensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Takes the f32 values of the tensor of this name out of the blob.
    pub fn take_f32(&mut self, name: &str) -> Option<Buffer<f32>> {
        let tensor = self.tensors.iter_mut().find(|tensor| tensor.name == name)?;
        match &mut tensor.numbers {
            Numbers::F32(values) => Some(std::mem::take(values)),
            Numbers::F64(_) => None,
        }
    }

    /// Takes the shape and the f64 values of the tensor of this name out of the blob.
    pub fn take_f64(&mut self, name: &str) -> Option<(Vec<usize>, Buffer<f64>)> {
        let tensor = self.tensors.iter_mut().find(|tensor| tensor.name == name)?;
        match &mut tensor.numbers {
            Numbers::F64(values) => Some((tensor.shape.clone(), std::mem::take(values))),
            Numbers::F32(_) => None,
        }
    }
}

struct Bytes<'a>(&'a NamedTensor);

impl View for Bytes<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.numbers {
            Numbers::F32(_) => Dtype::F32,
            Numbers::F64(_) => Dtype::F64,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(match &self.0.numbers {
            Numbers::F32(values) => bytemuck::cast_slice(values),
            Numbers::F64(values) => bytemuck::cast_slice(values),
        })
    }

    fn data_len(&self) -> usize {
        self.data().len()
    }
}

/// The file's bytes: the same for the same blob, whatever order its tensors are in.
pub(crate) fn encode(blob: &Blob) -> Result<Vec<u8>, StoreError> {
    for tensor in &blob.tensors {
        if tensor.shape.iter().product::<usize>() != tensor.numbers.len() {
            return Err(StoreError::Mismatch(format!(
                "the tensor {} has {} values, not the {:?} its shape says",
                tensor.name,
                tensor.numbers.len(),
                tensor.shape
            )));
        }
    }
    let mut sorted: Vec<&NamedTensor> = blob.tensors.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    // One entry only: the metadata is a hash map, whose order would differ from run to run.
    let about = serde_json::json!({ "crc32": checksum(&sorted), "note": blob.note });
    let metadata = HashMap::from([("about".to_owned(), about.to_string())]);
    safetensors::serialize(
        sorted
            .iter()
            .map(|tensor| (tensor.name.as_str(), Bytes(tensor))),
        Some(metadata),
    )
    .map_err(|error| StoreError::Mismatch(format!("tensors can't be written: {error}")))
}

/// Writes a blob to a file, whole or not at all.
pub(crate) fn save(disk: &Disk, path: &Path, blob: &Blob) -> Result<(), StoreError> {
    disk.write(path, &encode(blob)?)
}

/// Reads a blob back, its tensors where they lie in the file; `None` where there is no file.
///
/// # Errors
/// [`StoreError::Damaged`] when the file is no such blob or its checksum is wrong.
pub(crate) fn load(path: &Path, how: &str) -> Result<Option<Blob>, StoreError> {
    let file = match MappedFile::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(StoreError::io("read", path))?,
    };
    decode(&Arc::new(file))
        .map(Some)
        .map_err(|why| StoreError::damaged(path, why, how))
}

fn decode(file: &Arc<MappedFile>) -> Result<Blob, String> {
    let (header_bytes, header) =
        SafeTensors::read_metadata(file).map_err(|error| error.to_string())?;
    let about = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get("about"))
        .ok_or("it carries no note")?;
    let mut about: Value = serde_json::from_str(about).map_err(|error| error.to_string())?;
    // The length of the header, eight bytes of it, comes first.
    let start = size_of::<u64>() + header_bytes;
    let mut tensors = (header.tensors().into_iter())
        .map(|(name, info)| {
            let (begin, end) = info.data_offsets;
            let place = start + begin..start + end;
            let numbers = match info.dtype {
                Dtype::F32 => Numbers::F32(Buffer::mapped(file, place)),
                Dtype::F64 => Numbers::F64(Buffer::mapped(file, place)),
                other => return Err(format!("{name} has the type {other:?}")),
            };
            Ok(NamedTensor {
                name,
                shape: info.shape.clone(),
                numbers,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    if about["crc32"].as_u64() != Some(u64::from(checksum(&tensors))) {
        return Err("its checksum is wrong".to_owned());
    }
    Ok(Blob {
        tensors,
        note: about["note"].take(),
    })
}

/// CRC-32 of the bytes of all tensors, one after the other; computed side by side, as it takes as long as reading them.
fn checksum<T: Borrow<NamedTensor> + Sync>(tensors: &[T]) -> u32 {
    let each = tensors.par_iter().map(|tensor| {
        let mut own = crc32fast::Hasher::new();
        own.update(&Bytes(tensor.borrow()).data());
        own
    });
    let each: Vec<_> = each.collect();
    let mut whole = crc32fast::Hasher::new();
    each.iter().for_each(|own| whole.combine(own));
    whole.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob() -> Blob {
        Blob {
            tensors: vec![
                NamedTensor::f64("sum", &[2], vec![1.0 / 3.0, -2e300]),
                NamedTensor::f32(
                    "map",
                    &[2, 3],
                    vec![1.5, -0.0, 3.0, f32::MIN_POSITIVE, 5.0, 6.0],
                ),
            ],
            note: serde_json::json!({"lambda": 1.0, "clip": "clip"}),
        }
    }

    #[test]
    fn reads_back_the_values_it_wrote_bit_for_bit() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a.safetensors");
        save(&Disk::default(), &path, &blob()).expect("written");
        let mut read = load(&path, "x").expect("readable").expect("there");
        read.tensors.reverse(); // sorted by name on disk
        assert_eq!(read, blob());
        let mut other = blob();
        other.tensors.reverse();
        assert_eq!(
            encode(&other).expect("encoded"),
            std::fs::read(&path).expect("there")
        );
    }

    #[test]
    fn a_changed_byte_is_noticed_and_a_wrong_shape_refused() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("a.safetensors");
        let mut bytes = encode(&blob()).expect("encoded");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, &bytes).expect("writable");
        let error = load(&path, "fit it again")
            .expect_err("damaged")
            .to_string();
        assert!(
            error.contains("checksum") && error.ends_with("fit it again"),
            "{error}"
        );
        assert_eq!(load(&dir.path().join("none"), "x").expect("readable"), None);
        let wrong = Blob {
            tensors: vec![NamedTensor::f32("m", &[2, 2], vec![0.0; 3])],
            note: Value::Null,
        };
        assert!(matches!(encode(&wrong), Err(StoreError::Mismatch(_))));
    }
}
