//! What works on maps of tokens: convolutions, and blocks of 2 × 2 tokens.

use candle_core::{Result, Tensor};

use super::linear::{Unpacked, linear};
use super::rows::activated;
use crate::kernels::activation::Activation;
use crate::kernels::taps::Taps;

pub(in super::super) fn convolve(
    x: &Tensor,
    (weights, bias): (&Unpacked, Option<&Tensor>),
    activation: Option<Activation>,
    map: (usize, usize),
    stride: usize,
) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let taps = Taps::new(map, stride);
    let places = taps.output.0 * taps.output.1;
    let under = (0..places * 9).map(|at| token_under(taps, at % 9, at / 9, tokens));
    let under = Tensor::from_iter(under, x.device())?;
    let seen = padded(x)?.index_select(&under, 1)?;
    let seen = seen.reshape((batch, places, 9 * width))?;
    linear(&seen, weights, bias, activation)
}

pub(in super::super) fn depthwise(
    x: &Tensor,
    (weights, bias): (&Unpacked, Option<&Tensor>),
    activation: Option<Activation>,
    (kernel, shift, last): (&Tensor, &Tensor, Option<Activation>),
    map: (usize, usize),
    stride: usize,
) -> Result<Tensor> {
    let tokens = x.dim(1)?;
    let wide = padded(&linear(x, weights, bias, activation)?)?;
    let taps = Taps::new(map, stride);
    let places = taps.output.0 * taps.output.1;
    let mut sum = shift.reshape((1, 1, ()))?;
    for tap in 0..9 {
        let under = (0..places).map(|place| token_under(taps, tap, place, tokens));
        let seen = wide.index_select(&Tensor::from_iter(under, x.device())?, 1)?;
        sum = seen.broadcast_mul(&kernel.get(tap)?)?.broadcast_add(&sum)?;
    }
    match last {
        Some(activation) => activated(&sum, activation),
        None => Ok(sum),
    }
}

/// Tokens `[B, T, C]` and one of zeros after them, which stands for the padding of a map.
fn padded(x: &Tensor) -> Result<Tensor> {
    x.pad_with_zeros(1, 0, 1)
}

/// The token under a tap of the output token `place`; `padding` where there is none.
fn token_under(taps: Taps, tap: usize, place: usize, padding: usize) -> u32 {
    let (row, column) = (place / taps.output.1, place % taps.output.1);
    taps.under(tap, row, column).unwrap_or(padding) as u32
}

/// The tokens of each block of 2 × 2 side by side, as `decompose::quads` orders them.
pub(crate) fn join(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let blocks = blocks(x, map)?;
    blocks
        .permute((0, 1, 3, 4, 2, 5))?
        .reshape((batch, tokens / 4, 4 * width))
}

/// The mean of each block.
pub(crate) fn average(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let sums = blocks(x, map)?.sum(4)?.sum(2)?;
    sums.reshape((batch, tokens / 4, width))? * 0.25
}

/// `[B, h/2, 2, w/2, 2, D]`.
fn blocks(x: &Tensor, (h, w): (usize, usize)) -> Result<Tensor> {
    let (batch, _, width) = x.dims3()?;
    x.reshape(&[batch, h / 2, 2, w / 2, 2, width][..])
}
