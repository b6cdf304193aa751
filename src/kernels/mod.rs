//! What a forward pass is made of: matrix products, attention, convolutions and what stands between them.
//!
//! candle multiplies by a library that packs a weight matrix for every call, and its elementwise operations are scalar and
//! allocate a tensor each; in a vision transformer they cost as much as half the matrix products. Here weights are packed
//! once ([`Panels`]), and what follows a product is done while its sums are in the cache. From the inside out: `tile` is the
//! innermost loop in f32, `pairs` in bf16, and `operands` what a product asks of either; `left` and `panels` are the two
//! sides of a product, `product` its loops; `heads` and `attention`, `perceptron`, `convolution` and `depthwise` are the
//! layers made of it; `norm`, `activation` and `residual` go row by row.
//! `project` is for what was decomposed: stored rows on a few directions.
//!
//! Everything is compiled for AVX-512, AVX2 and the baseline at once, chosen at run time by [`pulp`]; `pairs` alone, for which
//! pulp has no instruction, has `unsafe` of its own.
//!
//! Tensors on other devices are worked on by candle's operations, in `composed`: where a layer's weights lie decides.

mod activation;
mod attention;
mod buffer;
pub(crate) mod composed;
mod convolution;
mod depthwise;
pub mod device;
mod heads;
mod left;
mod math;
mod norm;
mod numbers;
mod operands;
mod pairs;
mod panels;
mod perceptron;
mod product;
mod project;
mod residual;
mod tile;

pub use activation::Activation;
pub use attention::{Attention, Grouping, self_attention};
pub use composed::elsewhere;
pub use convolution::convolve;
pub use depthwise::{Depthwise, depthwise};
pub use heads::ScoreBias;
pub use norm::{LayerNorm, Normalized};
pub use numbers::Numbers;
pub use panels::Panels;
pub use perceptron::perceptron;
pub use product::linear;
pub(crate) use project::{add_projections, projections, widened};
pub use residual::{add_branch, scale_columns};

use candle_core::{CpuStorage, Layout, Result, Storage, Tensor};

use composed::is_own;

/// Rows per parallel task: enough work to be worth a task, small enough to balance.
const ROWS_PER_TASK: usize = 64;

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

#[cfg(test)]
mod tests;
