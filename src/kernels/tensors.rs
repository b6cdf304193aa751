//! How kernels reach the numbers of candle's tensors.

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

use super::placement::is_own;

/// Rows per parallel task: enough work to be worth a task, small enough to balance.
pub(super) const ROWS_PER_TASK: usize = 64;

/// Calls `read` with the values of a contiguous f32 tensor.
pub(crate) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(CpuStorage::F32(values)) if is_own(&tensor) => {
            Ok(read(&values[span(layout)?]))
        }
        _ => candle_core::bail!("this kernel takes f32 tensors on the CPU"),
    }
}

/// As [`with_values`], of three tensors.
pub(super) fn with_all<T>(tensors: [&Tensor; 3], read: impl FnOnce([&[f32]; 3]) -> T) -> Result<T> {
    let [a, b, c] = tensors;
    with_values(a, |a| {
        with_values(b, |b| with_values(c, |c| read([a, b, c])))
    })??
}

/// As [`with_values`], where there may be no tensor.
pub(super) fn with_optional<T>(
    tensor: Option<&Tensor>,
    read: impl FnOnce(Option<&[f32]>) -> T,
) -> Result<T> {
    match tensor {
        Some(tensor) => with_values(tensor, |values| read(Some(values))),
        None => Ok(read(None)),
    }
}

/// The values of a contiguous f32 storage, to be changed in place.
pub(super) fn values_mut<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
) -> Result<&'a mut [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[span(layout)?]),
        _ => candle_core::bail!("this kernel takes f32 tensors"),
    }
}

/// Where the numbers of a contiguous tensor lie in its storage.
pub(super) fn span(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => candle_core::bail!("this kernel takes contiguous tensors"),
    }
}
