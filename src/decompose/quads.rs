//! Maps of tokens seen as blocks of 2 × 2, which models turn into one token each.

use candle_core::{Device, Result, Tensor};
use rayon::prelude::*;

use crate::kernels::{composed, is_own, with_values};

/// The tokens of each block side by side: `[B, h·w, D]` to `[B, h·w/4, 4·D]`.
///
/// Slots stand in the order of timm's `PatchMerging` (swin_transformer.py): column parity first, rows fastest.
pub fn join(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    if !is_own(x) {
        return composed::join(x, map);
    }
    each_block(x, map, 4, |quad, width, out| {
        for (slot, out) in out.chunks_exact_mut(width).enumerate() {
            out.copy_from_slice(quad[slot]);
        }
    })
}

/// The mean of each block, `[B, h·w/4, D]`.
pub fn average(x: &Tensor, map: (usize, usize)) -> Result<Tensor> {
    if !is_own(x) {
        return composed::average(x, map);
    }
    each_block(x, map, 1, |[a, b, c, d], _, out| {
        let pairs = a.iter().zip(b).zip(c.iter().zip(d));
        for (out, ((a, b), (c, d))) in out.iter_mut().zip(pairs) {
            *out = 0.25 * ((a + b) + (c + d));
        }
    })
}

/// Makes a token of `times` the width of each block: `make` gets the block's tokens, slot by slot, and their width.
fn each_block(
    x: &Tensor,
    (h, w): (usize, usize),
    times: usize,
    make: impl Fn([&[f32]; 4], usize, &mut [f32]) + Sync,
) -> Result<Tensor> {
    let (batch, tokens, width) = x.dims3()?;
    let mut out = vec![0f32; batch * tokens / 4 * times * width];
    with_values(x, |x| {
        let rows = out.par_chunks_mut(w / 2 * times * width).enumerate();
        rows.for_each(|(number, row)| {
            let top = (number / (h / 2) * h + number % (h / 2) * 2) * w;
            for (column, out) in row.chunks_exact_mut(times * width).enumerate() {
                let token = |down: usize, right: usize| {
                    let token = top + down * w + 2 * column + right;
                    &x[token * width..][..width]
                };
                let quad = [token(0, 0), token(1, 0), token(0, 1), token(1, 1)];
                make(quad, width, out);
            }
        });
    })?;
    Tensor::from_vec(out, (batch, tokens / 4, times * width), x.device())
}

/// The 2×2 block each token of a map belongs to, `[h·w]`.
pub fn parents((h, w): (usize, usize), device: &Device) -> Result<Tensor> {
    let parent = |token: usize| ((token / w / 2) * (w / 2) + token % w / 2) as u32;
    Tensor::from_iter((0..h * w).map(parent), device)
}

/// 1 where a token stands in `slot` of its 2×2 block, `[h·w]`.
pub fn mask((h, w): (usize, usize), slot: usize, device: &Device) -> Result<Tensor> {
    let inside = |token: usize| (token % w % 2) * 2 + token / w % 2 == slot;
    let mask = (0..h * w).map(|token| f32::from(u8::from(inside(token))));
    Tensor::from_iter(mask, device)
}
