//! Tensors by name, and the account of which were taken.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::numbers::{gathered, is_integer, to_f32};
use super::stored::Stored;
use super::{files, open};
use crate::files::mapped::MappedFile;
use crate::vision::error::CheckpointError;
use crate::vision::faults::TensorFaults;

/// Named tensors and the account of which were taken.
pub struct Weights {
    /// Where tensors are put when they are taken.
    device: Device,
    files: Vec<MappedFile>,
    stored: BTreeMap<String, Stored>,
    taken: BTreeSet<String>,
    ignored: Vec<String>,
    faults: TensorFaults,
}

impl Weights {
    /// Opens the weights in `folder`: `model.safetensors`, `pytorch_model.bin`, the parts that their `.index.json` lists,
    /// or the one weights file there is.
    ///
    /// # Errors
    /// [`CheckpointError`] where there are none, or a file is damaged.
    pub fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let mut weights = Self::from_tensors([]);
        for path in files::weights(folder)? {
            let (bytes, tensors) = open::file(&path, weights.files.len())?;
            weights.files.push(bytes);
            weights.stored.extend(tensors);
        }
        Ok(weights)
    }

    /// Weights from tensors at hand.
    pub fn from_tensors(tensors: impl IntoIterator<Item = (String, Tensor)>) -> Self {
        let stored = tensors
            .into_iter()
            .map(|(name, tensor)| (name, Stored::Ready(tensor)));
        Self {
            device: Device::Cpu,
            files: Vec::new(),
            stored: stored.collect(),
            taken: BTreeSet::new(),
            ignored: Vec::new(),
            faults: TensorFaults::default(),
        }
    }

    /// The same, to be taken onto another device than the CPU.
    #[must_use]
    pub fn on(self, device: &Device) -> Self {
        Self {
            device: device.clone(),
            ..self
        }
    }

    /// Where tensors are put when they are taken.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Calls every tensor for which `rename` has another name by that one, as long as it is free.
    pub fn rename(&mut self, rename: impl Fn(&str) -> Option<String>) {
        let old: Vec<String> = self.stored.keys().cloned().collect();
        for old in old {
            let new = rename(&old).filter(|new| !self.stored.contains_key(new));
            if let Some(new) = new
                && let Some(stored) = self.stored.remove(&old)
            {
                self.stored.insert(new, stored);
            }
        }
    }

    /// Whether there is a tensor called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.stored.contains_key(name)
    }

    /// The shape of the tensor called `name`, if there is one.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.stored.get(name).map(Stored::shape)
    }

    /// Takes the tensor called `name`, in f32.
    ///
    /// A tensor that is missing, has another shape or isn't finite is noted for [`Weights::finish`], and zeros of the
    /// expected shape stand in for it until then.
    ///
    /// # Errors
    /// [`CheckpointError`] when the tensor library fails.
    pub fn take(&mut self, name: &str, expected: &[usize]) -> Result<Tensor, CheckpointError> {
        self.take_as(name, expected, expected)
    }

    /// Takes the tensor called `name`, of shape `expected` on disk, as one of shape `wanted` with as many numbers.
    ///
    /// # Errors
    /// As [`Weights::take`].
    pub fn take_as(
        &mut self,
        name: &str,
        expected: &[usize],
        wanted: &[usize],
    ) -> Result<Tensor, CheckpointError> {
        self.taken.insert(name.to_owned());
        let Some(stored) = self.stored.get(name) else {
            self.faults.missing.push(name.to_owned());
            return stand_in(wanted);
        };
        if stored.shape() != expected {
            self.note_shape(name, expected);
            return stand_in(wanted);
        }
        let numbers = match stored {
            Stored::Ready(tensor) => tensor
                .to_dtype(DType::F32)?
                .flatten_all()?
                .to_vec1::<f32>()?,
            Stored::OnDisk(tensor) => {
                let bytes = &self.files[tensor.file][tensor.bytes.clone()];
                let Some(numbers) = to_f32(tensor.kind, bytes) else {
                    self.faults.kinds.push((name.to_owned(), tensor.kind));
                    return stand_in(wanted);
                };
                match &tensor.strides {
                    Some(strides) => gathered(&numbers, &tensor.shape, strides),
                    None => numbers,
                }
            }
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            self.faults.not_finite.push(name.to_owned());
        }
        Ok(Tensor::from_vec(numbers, wanted, &self.device)?)
    }

    /// Takes several tensors of shape `expected` and joins them along their first axis.
    ///
    /// # Errors
    /// As [`Weights::take`].
    pub fn take_joined(
        &mut self,
        names: &[String],
        expected: &[usize],
    ) -> Result<Tensor, CheckpointError> {
        let parts = names.iter().map(|name| self.take(name, expected));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        if self.faults.is_empty() {
            return Ok(Tensor::cat(&parts, 0)?);
        }
        let mut joined = expected.to_vec();
        joined[0] *= names.len();
        stand_in(&joined)
    }

    /// Tensors whose names begin so belong to parts of the checkpoint that aren't wanted.
    pub fn ignore(&mut self, prefix: &str) {
        self.ignored.push(prefix.to_owned());
    }

    /// Notes a tensor whose shape fits nothing; `expected` is one that would.
    pub fn note_shape(&mut self, name: &str, expected: &[usize]) {
        let found = self.shape(name).unwrap_or_default().to_vec();
        self.taken.insert(name.to_owned());
        self.faults
            .reshaped
            .push((name.to_owned(), found, expected.to_vec()));
    }

    /// Ends the taking: everything fitted, or one error says what didn't. `reason` says why these tensors were expected.
    ///
    /// # Errors
    /// [`CheckpointError::Tensors`].
    pub fn finish(mut self, reason: &str) -> Result<(), CheckpointError> {
        let unexpected = self.stored.iter().filter(|(name, stored)| {
            let wanted = self.taken.contains(*name)
                || self
                    .ignored
                    .iter()
                    .any(|prefix| name.starts_with(prefix.as_str()));
            // buffers of indices and counters, which models save along
            let index = matches!(stored, Stored::OnDisk(tensor) if is_integer(tensor.kind));
            !wanted && !index
        });
        self.faults.unexpected = unexpected.map(|(name, _)| name.clone()).collect();
        if self.faults.is_empty() {
            return Ok(());
        }
        self.faults.reason = reason.to_owned();
        Err(CheckpointError::Tensors(Box::new(self.faults)))
    }
}

/// Zeros in place of a tensor that didn't fit. They take no memory, whatever size a damaged config asks for.
pub(crate) fn stand_in(shape: &[usize]) -> Result<Tensor, CheckpointError> {
    Ok(Tensor::zeros(1, DType::F32, &Device::Cpu)?.broadcast_as(shape)?)
}
