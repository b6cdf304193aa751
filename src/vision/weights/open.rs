//! Opening one file of weights: which tensors it has, of which types and shapes, and where their numbers are.

use std::path::Path;

use safetensors::tensor::SafeTensorError;

use super::files;
use super::stored::{OnDisk, Stored};
use crate::files::mapped::MappedFile;
use crate::vision::error::CheckpointError;
use crate::vision::torch::{self, Fault};

/// How a file begins that stands in for one kept with Git LFS.
const POINTER: &[u8] = b"version https://git-lfs";

/// Named tensors of a file.
type Tensors = Vec<(String, Stored)>;

/// Opens the file at `path`, the `file`th of its checkpoint, and checks what it says about its tensors.
pub(super) fn file(path: &Path, file: usize) -> Result<(MappedFile, Tensors), CheckpointError> {
    let bytes = files::mapped(path)?;
    if bytes.starts_with(POINTER) {
        let reason = "it is Git LFS's note of where the weights are; `git lfs pull` fetches them";
        return Err(CheckpointError::damaged(path, reason));
    }
    let is_safe = path
        .extension()
        .is_some_and(|extension| extension == "safetensors");
    let tensors = if is_safe {
        safetensors(path, &bytes, file)?
    } else {
        pytorch(path, &bytes, file)?
    };
    Ok((bytes, tensors))
}

fn safetensors(path: &Path, bytes: &[u8], file: usize) -> Result<Tensors, CheckpointError> {
    // the crate's own checks: length of the header, its JSON, offsets without gaps or overlaps, length of the data
    let (header, metadata) = safetensors::SafeTensors::read_metadata(bytes)
        .map_err(|error| CheckpointError::damaged(path, sentence(&error)))?;
    let data = 8 + header;
    let stored = |(name, info): (String, &safetensors::tensor::TensorInfo)| {
        let (start, end) = info.data_offsets;
        let tensor = OnDisk {
            file,
            kind: info.dtype,
            shape: info.shape.clone(),
            strides: None,
            bytes: data + start..data + end,
        };
        (name, Stored::OnDisk(tensor))
    };
    Ok(metadata.tensors().into_iter().map(stored).collect())
}

fn pytorch(path: &Path, bytes: &[u8], file: usize) -> Result<Tensors, CheckpointError> {
    let described = torch::read(bytes).map_err(|fault| match fault {
        Fault::Damaged(reason) => CheckpointError::damaged(path, reason),
        Fault::Refused(reason) => CheckpointError::refused(path, reason),
    })?;
    let stored = |tensor: torch::Described| {
        let on_disk = OnDisk {
            file,
            kind: tensor.kind,
            shape: tensor.shape,
            strides: tensor.strides,
            bytes: tensor.bytes,
        };
        (tensor.name, Stored::OnDisk(on_disk))
    };
    Ok(described.into_iter().map(stored).collect())
}

/// What is wrong with a safetensors file, for people.
fn sentence(error: &SafeTensorError) -> String {
    match error {
        SafeTensorError::HeaderTooSmall => "it is too short for a safetensors file".to_owned(),
        SafeTensorError::HeaderTooLarge => {
            "its header claims to be larger than any header is".to_owned()
        }
        SafeTensorError::InvalidHeaderLength => {
            "it ends within its header; copy it again".to_owned()
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            "its length is not what its header says, as after a broken download; copy it again"
                .to_owned()
        }
        SafeTensorError::InvalidOffset(name) => {
            format!("tensor {name} overlaps its neighbour or leaves a gap")
        }
        other => format!("its header is not one of safetensors ({other})"),
    }
}
