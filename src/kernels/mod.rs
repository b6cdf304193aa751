//! Vectorised elementwise kernels for the CPU.
//!
//! candle's own elementwise operations are scalar and allocate a tensor each; in a vision transformer's forward pass they
//! cost as much as half the matrix products. These run in place where they can and are compiled for AVX-512, AVX2 and
//! the baseline at once, chosen at run time by [`pulp`] (no `unsafe` of our own).

mod activation;
mod attention;
mod buffer;
mod convolution;
mod depthwise;
mod heads;
mod left;
mod math;
mod norm;
mod panels;
mod perceptron;
mod product;
mod residual;
mod tile;

pub use activation::Activation;
pub use attention::{Attention, Grouping, self_attention};
pub use convolution::convolve;
pub use depthwise::{Depthwise, depthwise};
pub use heads::ScoreBias;
pub use norm::{LayerNorm, Normalized};
pub use panels::Panels;
pub use perceptron::perceptron;
pub use product::linear;
pub use residual::{add_branch, scale_columns};

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

/// Rows per parallel task: enough work to be worth a task, small enough to balance.
const ROWS_PER_TASK: usize = 64;

/// Calls `read` with the values of a contiguous f32 tensor.
pub(crate) fn with_values<T>(tensor: &Tensor, read: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(CpuStorage::F32(values)) => Ok(read(&values[span(layout)?])),
        _ => candle_core::bail!("this kernel takes f32 tensors on the CPU"),
    }
}

/// As [`with_values`], of three tensors.
fn with_all<T>(tensors: [&Tensor; 3], read: impl FnOnce([&[f32]; 3]) -> T) -> Result<T> {
    let [a, b, c] = tensors;
    with_values(a, |a| {
        with_values(b, |b| with_values(c, |c| read([a, b, c])))
    })??
}

/// As [`with_values`], where there may be no tensor.
fn with_optional<T>(tensor: Option<&Tensor>, read: impl FnOnce(Option<&[f32]>) -> T) -> Result<T> {
    match tensor {
        Some(tensor) => with_values(tensor, |values| read(Some(values))),
        None => Ok(read(None)),
    }
}

/// The values of a contiguous f32 storage, to be changed in place.
fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match storage {
        CpuStorage::F32(values) => Ok(&mut values[span(layout)?]),
        _ => candle_core::bail!("this kernel takes f32 tensors"),
    }
}

fn span(layout: &Layout) -> Result<std::ops::Range<usize>> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(start..end),
        None => candle_core::bail!("this kernel takes contiguous tensors"),
    }
}
