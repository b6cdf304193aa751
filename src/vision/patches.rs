//! Images cut into patches, the first step of every model that embeds them by one linear layer.

use candle_core::{Result, Tensor};

/// Pixels `[B, 3, H, W]` cut into flattened patches `[B, N, 3·h·w]`, row by row.
pub(super) fn patches(pixels: &Tensor, (h, w): (usize, usize)) -> Result<Tensor> {
    let (batch, channels, height, width) = pixels.dims4()?;
    let (rows, columns) = (height / h, width / w);
    pixels
        .reshape(&[batch, channels, rows, h, columns, w][..])?
        .permute(vec![0, 2, 4, 1, 3, 5])?
        .reshape((batch, rows * columns, channels * h * w))
}
