//! Where a checkpoint's tensors are before they are taken.

use std::ops::Range;

use candle_core::Tensor;
use safetensors::tensor::Dtype;

/// A tensor that is still on disk.
#[derive(Clone)]
pub(super) struct OnDisk {
    /// Which of the files it is in.
    pub file: usize,
    pub kind: Dtype,
    pub shape: Vec<usize>,
    /// Steps between neighbours along each axis, in numbers; absent where they lie row by row.
    pub strides: Option<Vec<usize>>,
    /// From its first to its last number.
    pub bytes: Range<usize>,
}

/// Where a tensor's numbers are.
pub(super) enum Stored {
    /// In a file.
    OnDisk(OnDisk),
    /// Already a tensor.
    Ready(Tensor),
}

impl Stored {
    /// Its shape.
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Self::OnDisk(tensor) => &tensor.shape,
            Self::Ready(tensor) => tensor.dims(),
        }
    }
}
