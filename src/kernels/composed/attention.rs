//! Self-attention as batched matrix products; groups of tokens are gathered, and what they give is put back.

use candle_core::{Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::linear::{Unpacked, linear};
use crate::kernels::grouping::Grouping;

/// Heads side by side, and softmax and values where they are asked for.
pub(in super::super) fn self_attention(
    x: &Tensor,
    (weights, bias): (&Unpacked, Option<&Tensor>),
    heads: usize,
    grouping: Option<Grouping<'_>>,
    queries: usize,
    detail: Option<usize>,
) -> Result<(Tensor, Option<(Tensor, Tensor)>)> {
    let (batch, tokens, _) = x.dims3()?;
    let mut qkv = linear(x, weights, bias, None)?;
    let (mut size, mut asking) = (tokens, queries);
    if let Some(grouping) = grouping {
        qkv = permuted(&qkv, grouping.order)?;
        (size, asking) = (grouping.size, grouping.size);
    }
    let (groups, width) = (tokens / size, weights.weight.dim(0)? / 3);
    let parts = qkv.reshape((batch * groups, size, 3, heads, width / heads))?;
    // [B·G, H, t, d] of the first so many tokens.
    let part = |number: usize, first: usize| {
        let part = parts.narrow(2, number, 1)?.narrow(1, 0, first)?;
        part.squeeze(2)?.transpose(1, 2)?.contiguous()
    };
    let (q, k, v) = (part(0, asking)?, part(1, size)?, part(2, size)?);
    let mut scores = q.matmul(&k.t()?)?;
    if let Some(bias) = grouping.and_then(|grouping| grouping.bias.elsewhere()) {
        scores = scores
            .reshape((batch, groups, heads, size, size))?
            .broadcast_add(&bias.unsqueeze(0)?)?
            .flatten_to(1)?;
    }
    let softmax = softmax_last_dim(&(scores / ((width / heads) as f64).sqrt())?)?;
    let output = softmax.matmul(&v)?.transpose(1, 2)?;
    let mut output = output.reshape((batch, groups * asking, width))?;
    if let Some(grouping) = grouping {
        output = permuted(&output, &inverse(grouping.order))?;
    }
    let detail = match detail {
        Some(kept) => Some((softmax.narrow(2, 0, kept)?.contiguous()?, v)),
        None => None,
    };
    Ok((output, detail))
}

/// Tokens `[B, T, D]` in another order.
fn permuted(x: &Tensor, order: &[u32]) -> Result<Tensor> {
    x.index_select(&Tensor::new(order, x.device())?, 1)
}

/// The place of each token in `order`.
fn inverse(order: &[u32]) -> Vec<u32> {
    let mut inverse = vec![0; order.len()];
    for (place, token) in (0..).zip(order) {
        inverse[*token as usize] = place;
    }
    inverse
}
