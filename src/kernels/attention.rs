//! Self-attention of all heads: tokens are read from the layer that made them and written to their own places, whatever
//! groups they attend in. Nothing is permuted.

use std::ops::Range;

use candle_core::{Result, Tensor};
use pulp::Arch;
use rayon::prelude::*;

use super::buffer::Buffer;
use super::composed;
use super::grouping::Grouping;
use super::heads::{Head, Part, Places};
use super::left::{First, Plain};
use super::panels::Panels;
use super::product::{Finish, product, rows_together};
use super::tensors::{with_optional, with_values};

/// What [`self_attention`] gives.
pub struct Attention {
    /// Heads side by side before the output projection, `[B, queries, D]`, tokens in their own order.
    pub output: Tensor,
    /// Softmax rows of the first queries `[B·G, H, n, t]` and values `[B·G, H, t, d]`, when asked for.
    pub detail: Option<(Tensor, Tensor)>,
}

/// softmax((Q Kᵀ + bias) / √d) V over all tokens of `x` `[B, T, K]`, of the first `queries` tokens of each image.
///
/// `layer` makes queries, keys and values, in that order and with its bias, heads consecutive within each. Where there is
/// a grouping, all tokens have to ask. `detail` asks for the softmax of the first so many queries of each group.
///
/// # Errors
/// When layer and bias lie on different devices; the tensor library's.
pub fn self_attention(
    x: &Tensor,
    (layer, bias): (&Panels, Option<&Tensor>),
    heads: usize,
    grouping: Option<Grouping<'_>>,
    queries: usize,
    detail: Option<usize>,
) -> Result<Attention> {
    let is_apart = |of: Grouping<'_>| of.bias.elsewhere().is_some() != layer.elsewhere().is_some();
    if grouping.is_some_and(is_apart) {
        candle_core::bail!("a layer and the bias of its scores lie on different devices");
    }
    if let Some(weights) = layer.elsewhere() {
        let layer = (weights, bias);
        let (output, detail) =
            composed::self_attention(x, layer, heads, grouping, queries, detail)?;
        return Ok(Attention { output, detail });
    }
    let (batch, tokens, _) = x.dims3()?;
    let width = layer.outputs() / 3;
    let size = grouping.map_or(tokens, |grouping| grouping.size);
    let (groups, kept) = (tokens / size, detail.unwrap_or(0));
    let mut output = vec![0f32; batch * queries * width];
    let mut softmax = vec![0f32; batch * groups * heads * kept * size];
    let mut values = vec![0f32; detail.map_or(0, |_| batch * tokens * width)];
    let together = rows_together(rayon::current_num_threads(), batch * tokens) / tokens;
    with_optional(bias, |bias| {
        with_values(x, |x| {
            for first in (0..batch).step_by(together.max(1)) {
                let images = first..(first + together.max(1)).min(batch);
                let part = |each: usize| images.start * each..images.end * each;
                let images = Images {
                    x: &x[part(tokens * layer.inputs())],
                    tokens,
                    queries,
                    heads,
                    grouping,
                    kept: detail,
                    output: &mut output[part(queries * width)],
                    softmax: &mut softmax[part(groups * heads * kept * size)],
                    values: &mut values[part(detail.map_or(0, |_| tokens * width))],
                };
                images.attend(layer, bias);
            }
        })
    })??;
    let tensor = |numbers, shape: &[usize]| Tensor::from_vec(numbers, shape, x.device());
    let detail = match detail {
        Some(kept) => Some((
            tensor(softmax, &[batch * groups, heads, kept, size])?,
            tensor(values, &[batch * groups, heads, size, width / heads])?,
        )),
        None => None,
    };
    Ok(Attention {
        output: tensor(output, &[batch, queries, width])?,
        detail,
    })
}

/// Some images.
struct Images<'a> {
    x: &'a [f32],
    tokens: usize,
    queries: usize,
    heads: usize,
    grouping: Option<Grouping<'a>>,
    kept: Option<usize>,
    output: &'a mut [f32],
    softmax: &'a mut [f32],
    values: &'a mut [f32],
}

impl Images<'_> {
    fn attend(self, layer: &Panels, bias: Option<&[f32]>) {
        let (depth, width) = (layer.inputs(), layer.outputs() / 3);
        let (tokens, queries) = (self.tokens, self.queries);
        let rows = self.x.len() / depth;
        let all = Plain {
            values: self.x,
            depth,
        };
        let finish = |columns: Range<usize>| Finish {
            bias: bias.map(|bias| &bias[columns]),
            activation: None,
        };
        let part = |numbers, stride, start| Part {
            numbers,
            stride,
            start,
            width: width / self.heads,
        };
        if queries == tokens {
            let mut qkv = Buffer::of(rows * 3 * width);
            let columns = 0..3 * width;
            product(&all, layer, columns.clone(), finish(columns), &mut qkv);
            let parts = [0, width, 2 * width].map(|start| part(&qkv[..], 3 * width, start));
            return self.run(parts);
        }
        let first = First {
            values: self.x,
            depth,
            each: tokens,
            first: queries,
        };
        let mut q = Buffer::of(rows / tokens * queries * width);
        let mut kv = Buffer::of(rows * 2 * width);
        product(&first, layer, 0..width, finish(0..width), &mut q);
        let columns = width..3 * width;
        product(&all, layer, columns.clone(), finish(columns), &mut kv);
        let parts = [
            part(&q[..], width, 0),
            part(&kv[..], 2 * width, 0),
            part(&kv[..], 2 * width, width),
        ];
        self.run(parts);
    }

    /// Every head in every group.
    fn run(self, [q, k, v]: [Part<'_>; 3]) {
        let (heads, tokens) = (self.heads, self.tokens);
        let size = self.grouping.map_or(tokens, |grouping| grouping.size);
        let groups = k.numbers.len() / k.stride / size;
        let kept = self.kept.unwrap_or(0);
        let mut cells: Vec<_> = self.output.chunks_exact_mut(q.width).map(Some).collect();
        let mut softmax = self.softmax.chunks_mut((kept * size).max(1));
        let mut values = self.values.chunks_mut(size * q.width);
        let mut tasks = Vec::with_capacity(groups * heads);
        for number in 0..groups * heads {
            let (group, head) = (number / heads, number % heads);
            let places = Places {
                order: self.grouping.map(|grouping| grouping.order),
                size,
                group,
                tokens,
            };
            let asking = match self.grouping {
                Some(_) => places,
                None => Places {
                    size: self.queries,
                    tokens: self.queries,
                    ..places
                },
            };
            let own = (0..asking.size).map(|place| asking.token(place) * heads + head);
            tasks.push(Head {
                parts: [(q, asking), (k, places), (v, places)],
                head,
                bias: self.grouping.map(|grouping| grouping.bias.of(group, head)),
                out: own.filter_map(|cell| cells[cell].take()).collect(),
                attention: softmax.next(),
                copied: values.next(),
            });
        }
        let run = |head: Head<'_>| Arch::new().dispatch(head);
        match rayon::current_num_threads() {
            1 => tasks.into_iter().for_each(run),
            _ => tasks.into_par_iter().for_each(run),
        }
    }
}
