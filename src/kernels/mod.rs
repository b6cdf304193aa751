//! What a forward pass is made of: matrix products, attention, convolutions and what stands between them.
//!
//! candle multiplies by a library that packs a weight matrix for every call, and its elementwise operations are scalar and
//! allocate a tensor each; in a vision transformer they cost as much as half the matrix products. Here weights are packed
//! once ([`Panels`]), and what follows a product is done while its sums are in the cache. From the inside out: `tile` is the
//! innermost loop in f32, `pairs` in bf16, and `operands` what a product asks of either; `left` and `panels` are the two
//! sides of a product, `product` its loops; `heads` and `attention`, `perceptron`, `convolution` and `depthwise` are the
//! layers made of it; `norm`, `activation` and `residual` go row by row. `tensors` reads and `placement` tells apart what they
//! are given. `project` is for what was decomposed: stored rows on a few directions.
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
mod grouping;
mod heads;
mod left;
mod math;
mod norm;
mod numbers;
mod operands;
mod pairs;
mod panels;
mod perceptron;
mod placement;
mod product;
mod project;
mod residual;
mod taps;
mod tensors;
mod tile;

pub use activation::Activation;
pub use attention::{Attention, self_attention};
pub use convolution::convolve;
pub use depthwise::{Depthwise, depthwise};
pub use grouping::{Grouping, ScoreBias};
pub use norm::{LayerNorm, Normalized};
pub use numbers::Numbers;
pub use panels::Panels;
pub use perceptron::perceptron;
pub use placement::elsewhere;
pub(crate) use placement::is_own;
pub use product::linear;
pub(crate) use project::{add_projections, projections, widened};
pub use residual::{add_branch, scale_columns};
pub(crate) use tensors::with_values;

#[cfg(test)]
mod tests;
