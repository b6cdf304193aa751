//! The layers once more, composed of candle's own tensor operations: for tensors on another device than the CPU, where the
//! kernels beside cannot reach and candle has its own (cuBLAS and CUDA's, or Metal's).
//!
//! Each function has the contract of its namesake. Only operations that candle has on every device are used; what it would
//! do slowly there (a convolution in groups is one convolution for each of them) is put together from others.

mod attention;
mod linear;
mod maps;
mod rows;

pub(super) use attention::self_attention;
pub(super) use linear::{Unpacked, linear, perceptron};
pub(crate) use maps::{average, join};
pub(super) use maps::{convolve, depthwise};
#[cfg(test)]
pub(super) use rows::activated;
pub(super) use rows::{add_branch, normalize, scale_columns};
