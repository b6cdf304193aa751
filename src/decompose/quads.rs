//! Maps of tokens seen as blocks of 2 × 2, which models turn into one token each.

use candle_core::{DType, Device, Result, Tensor};

/// The tokens of each block side by side: `[B, h·w, D]` to `[B, h·w/4, 4·D]`.
///
/// Slots stand in the order of timm's `PatchMerging` (swin_transformer.py): column parity first, rows fastest.
pub fn join(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    blocks(x, map)?
        .permute(vec![0, 1, 3, 4, 2, 5])?
        .reshape((batch, tokens / 4, 4 * width))
}

/// The mean of each block, `[B, h·w/4, D]`.
pub fn average(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let columns_joined = blocks(x, map)?.mean(4)?;
    columns_joined.mean(2)?.reshape((batch, tokens / 4, width))
}

/// `[B, h/2, 2, w/2, 2, D]`.
fn blocks(x: &Tensor, (h, w): (usize, usize)) -> Result<Tensor> {
    let (batch, _, width) = x.dims3()?;
    x.reshape(&[batch, h / 2, 2, w / 2, 2, width][..])
}

/// The 2×2 block each token of a map belongs to, `[h·w]`.
pub fn parents((h, w): (usize, usize)) -> Result<Tensor> {
    let parent = |token: usize| ((token / w / 2) * (w / 2) + token % w / 2) as u32;
    Tensor::from_iter((0..h * w).map(parent), &Device::Cpu)
}

/// 1 where a token stands in `slot` of its 2×2 block, `[h·w]`.
pub fn mask((h, w): (usize, usize), slot: usize) -> Result<Tensor> {
    let inside = |token: usize| (token % w % 2) * 2 + token / w % 2 == slot;
    let mask = (0..h * w).map(|token| u8::from(inside(token)));
    Tensor::from_iter(mask, &Device::Cpu)?.to_dtype(DType::F32)
}
