//! Attention of one head at a time: scores, softmax and the weighted values of 32 queries without leaving the cache.
//!
//! Everything is transposed, so that queries lie side by side in a panel: scores `Sᵀ = K Qᵀ` come out of the product as
//! panels of the next one, `Oᵀ = Vᵀ Sᵀ`, and softmax runs down columns, a query in each lane. Tokens are read from the
//! layer that made them and written to their own places, whatever groups they attend in: nothing is permuted.

use std::cell::Cell;

use candle_core::{Result, Tensor};
use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};
use rayon::prelude::*;

use super::left::{Left, blocks, pack};
use super::tile::{MOST_ROWS, PanelRow, WIDTH, add_product};
use super::{math, with_values};

/// Queries, keys or values: some columns of what a linear layer gave, heads side by side.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// `[B, T, W]`.
    pub tokens: &'a Tensor,
    /// The first column.
    pub start: usize,
}

/// Groups of tokens that attend to each other.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'a> {
    /// The tokens, group after group, `[T]`.
    pub order: &'a [u32],
    /// Tokens in a group.
    pub size: usize,
    /// What places in a group add to scores.
    pub bias: &'a ScoreBias,
}

/// What is added to scores before they are scaled, `[G, H, t, t]`, G groups or one for all; packed as scores are.
#[derive(Clone, Debug)]
pub struct ScoreBias {
    groups: usize,
    heads: usize,
    rows: Vec<PanelRow>,
}

impl ScoreBias {
    /// Packs `bias` `[G, H, t, t]`, queries before keys.
    ///
    /// # Errors
    /// The tensor library's.
    pub fn pack(bias: &Tensor) -> Result<Self> {
        let (groups, heads, size, _) = bias.dims4()?;
        let panels = size.div_ceil(WIDTH);
        let mut rows = vec![PanelRow::ZEROS; groups * heads * panels * size];
        with_values(bias, |bias| {
            for (number, row) in bias.chunks_exact(size).enumerate() {
                let (of_head, query) = (number / size, number % size);
                let panel = &mut rows[(of_head * panels + query / WIDTH) * size..][..size];
                for (packed, bias) in panel.iter_mut().zip(row) {
                    packed.0[query % WIDTH] = *bias;
                }
            }
        })?;
        Ok(Self {
            groups,
            heads,
            rows,
        })
    }

    /// The rows of a head in a group, panel after panel.
    fn of(&self, group: usize, head: usize) -> &[PanelRow] {
        let each = self.rows.len() / self.groups / self.heads;
        &self.rows[(group % self.groups * self.heads + head) * each..][..each]
    }
}

/// What [`attention`] gives.
pub struct Attention {
    /// Heads side by side, `[B, queries, H·d]`, tokens in their own order.
    pub output: Tensor,
    /// Softmax rows of the first queries `[B·G, H, n, t]` and values `[B·G, H, t, d]`, when asked for.
    pub detail: Option<(Tensor, Tensor)>,
}

/// softmax(scale · (Q Kᵀ + bias)) V for `heads` heads of `width` numbers. `detail` asks for the softmax of the first so
/// many queries.
///
/// # Errors
/// The tensor library's.
pub fn attention(
    [queries, keys, values]: [Part<'_>; 3],
    (heads, width): (usize, usize),
    grouping: Option<Grouping<'_>>,
    detail: Option<usize>,
) -> Result<Attention> {
    let (batch, asking, _) = queries.tokens.dims3()?;
    let tokens = keys.tokens.dim(1)?;
    let (asked, size) = match &grouping {
        Some(grouping) => (grouping.size, grouping.size),
        None => (asking, tokens),
    };
    let groups = batch * tokens / size;
    let mut out = vec![0f32; batch * asking * heads * width];
    let kept = detail.unwrap_or(0);
    let mut attention = vec![0f32; groups * heads * kept * size];
    let mut copied = vec![
        0f32;
        if kept > 0 {
            groups * heads * size * width
        } else {
            0
        }
    ];
    let all = [queries.tokens, keys.tokens, values.tokens];
    with_all(all, |[q, k, v]| -> Result<()> {
        let heads_of = |numbers, part: &Part<'_>| -> Result<HeadsOf<'_>> {
            Ok(HeadsOf {
                numbers,
                stride: part.tokens.dim(2)?,
                start: part.start,
                width,
            })
        };
        let (q, k, v) = (
            heads_of(q, &queries)?,
            heads_of(k, &keys)?,
            heads_of(v, &values)?,
        );
        let order = grouping.map(|grouping| grouping.order);
        let mut cells: Vec<Option<&mut [f32]>> = out.chunks_exact_mut(width).map(Some).collect();
        let mut attention = attention.chunks_mut((kept * size).max(1));
        let mut copied = copied.chunks_mut(size * width);
        let mut tasks = Vec::with_capacity(groups * heads);
        for number in 0..groups * heads {
            let (group, head) = (number / heads, number % heads);
            let place = Places {
                order,
                size,
                group,
                tokens,
            };
            let cell = |place: usize| cells[place * heads + head].take();
            let asks = match order {
                Some(_) => place,
                None => Places {
                    size: asked,
                    tokens: asking,
                    ..place
                },
            };
            tasks.push(Head {
                parts: [(q, asks), (k, place), (v, place)],
                head,
                bias: grouping.map(|grouping| grouping.bias.of(group, head)),
                out: (0..asked)
                    .map(|at| asks.token(at))
                    .filter_map(cell)
                    .collect(),
                attention: attention.next(),
                copied: copied.next(),
            });
        }
        let run = |head: Head<'_>| Arch::new().dispatch(head);
        match rayon::current_num_threads() {
            1 => tasks.into_iter().for_each(run),
            _ => tasks.into_par_iter().for_each(run),
        }
        Ok(())
    })??;
    let device = keys.tokens.device();
    let detail = match detail {
        Some(kept) => Some((
            Tensor::from_vec(attention, (groups, heads, kept, size), device)?,
            Tensor::from_vec(copied, (groups, heads, size, width), device)?,
        )),
        None => None,
    };
    Ok(Attention {
        output: Tensor::from_vec(out, (batch, asking, heads * width), device)?,
        detail,
    })
}

fn with_all<T>(tensors: [&Tensor; 3], read: impl FnOnce([&[f32]; 3]) -> T) -> Result<T> {
    let [a, b, c] = tensors;
    with_values(a, |a| {
        with_values(b, |b| with_values(c, |c| read([a, b, c])))
    })??
}

/// A [`Part`]'s numbers.
#[derive(Clone, Copy)]
struct HeadsOf<'a> {
    numbers: &'a [f32],
    stride: usize,
    start: usize,
    width: usize,
}

impl<'a> HeadsOf<'a> {
    #[inline(always)]
    fn of(&self, token: usize, head: usize) -> &'a [f32] {
        &self.numbers[token * self.stride + self.start + head * self.width..][..self.width]
    }
}

/// The places of a group, counted through all images.
#[derive(Clone, Copy)]
struct Places<'a> {
    order: Option<&'a [u32]>,
    size: usize,
    group: usize,
    /// Tokens of an image.
    tokens: usize,
}

impl Places<'_> {
    /// The token at a place, counted through all images.
    #[inline(always)]
    fn token(&self, place: usize) -> usize {
        let at = self.group * self.size + place;
        match self.order {
            Some(order) => at / self.tokens * self.tokens + order[at % self.tokens] as usize,
            None => at,
        }
    }
}

/// A head in a group.
struct Head<'a> {
    /// Queries, keys and values.
    parts: [(HeadsOf<'a>, Places<'a>); 3],
    head: usize,
    bias: Option<&'a [PanelRow]>,
    /// Where each query's output goes.
    out: Vec<&'a mut [f32]>,
    attention: Option<&'a mut [f32]>,
    copied: Option<&'a mut [f32]>,
}

/// The rows of a head's keys.
struct Keys<'a>(HeadsOf<'a>, Places<'a>, usize);

impl Left for Keys<'_> {
    fn rows(&self) -> usize {
        self.1.size
    }

    fn depth(&self) -> usize {
        self.0.width
    }

    fn piece(&self, row: usize, k: usize) -> &[f32] {
        &self.0.of(self.1.token(row), self.2)[k..]
    }
}

/// What a head is packed into, kept by each thread.
#[derive(Default)]
struct Scratch {
    /// Keys, block after block of tokens, `[d, rows]` each.
    keys: Vec<f32>,
    /// Values, block after block of columns, `[t, rows]` each.
    values: Vec<f32>,
    /// A panel of queries, `[d]`.
    queries: Vec<PanelRow>,
    /// Their scores, `[t]`.
    scores: Vec<PanelRow>,
}

thread_local! {
    static SCRATCH: Cell<Scratch> = const {
        Cell::new(Scratch { keys: Vec::new(), values: Vec::new(), queries: Vec::new(), scores: Vec::new() })
    };
}

impl WithSimd for Head<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut scratch = SCRATCH.take();
        let (size, width) = (self.parts[1].1.size, self.parts[1].0.width);
        let (keys, columns) = (blocks(size), blocks(width));
        scratch.keys.resize(size * width, 0.0);
        scratch.values.resize(size * width, 0.0);
        scratch.queries.resize(width, PanelRow::ZEROS);
        scratch.scores.resize(size, PanelRow::ZEROS);
        self.pack_keys(&keys, &mut scratch.keys);
        self.pack_values(&columns, &mut scratch.values);
        if let Some(copied) = self.copied.take() {
            let (values, places) = self.parts[2];
            for (place, copied) in copied.chunks_exact_mut(width).enumerate() {
                copied.copy_from_slice(values.of(places.token(place), self.head));
            }
        }
        for panel in 0..self.out.len().div_ceil(WIDTH) {
            let first = panel * WIDTH;
            let count = WIDTH.min(self.out.len() - first);
            self.pack_queries(first, count, &mut scratch.queries);
            scratch.scores.fill(PanelRow::ZEROS);
            for pair in keys.windows(2) {
                let left = &scratch.keys[pair[0] * width..pair[1] * width];
                let scores = &mut scratch.scores[pair[0]..pair[1]];
                add_product(simd, left, &scratch.queries, scores, count);
            }
            let inverse = simd.vectorize(Softmax {
                scores: &mut scratch.scores,
                bias: self.bias.map(|bias| &bias[panel * size..][..size]),
                scale: 1.0 / (width as f32).sqrt(),
            });
            self.keep(first, &scratch.scores, &inverse);
            for pair in columns.windows(2) {
                let left = &scratch.values[pair[0] * size..pair[1] * size];
                let mut sums = [PanelRow::ZEROS; MOST_ROWS];
                let sums = &mut sums[..pair[1] - pair[0]];
                add_product(simd, left, &scratch.scores, sums, count);
                for (query, out) in self.out[first..first + count].iter_mut().enumerate() {
                    for (out, sum) in out[pair[0]..pair[1]].iter_mut().zip(&*sums) {
                        *out = sum.0[query] * inverse[query];
                    }
                }
            }
        }
        SCRATCH.set(scratch);
    }
}

impl Head<'_> {
    fn pack_keys(&self, blocks: &[usize], packed: &mut [f32]) {
        let (keys, places) = self.parts[1];
        for pair in blocks.windows(2) {
            let packed = &mut packed[pair[0] * keys.width..pair[1] * keys.width];
            let keys = Keys(keys, places, self.head);
            pack(&keys, pair[0], pair[1] - pair[0], packed);
        }
    }

    fn pack_values(&self, blocks: &[usize], packed: &mut [f32]) {
        let (values, places) = self.parts[2];
        for token in 0..places.size {
            let row = values.of(places.token(token), self.head);
            for pair in blocks.windows(2) {
                let rows = pair[1] - pair[0];
                packed[pair[0] * places.size + token * rows..][..rows]
                    .copy_from_slice(&row[pair[0]..pair[1]]);
            }
        }
    }

    /// `count` queries from place `first` on, side by side.
    fn pack_queries(&self, first: usize, count: usize, packed: &mut [PanelRow]) {
        let (queries, places) = self.parts[0];
        packed.fill(PanelRow::ZEROS);
        for query in 0..count {
            let row = queries.of(places.token(first + query), self.head);
            for (packed, number) in packed.iter_mut().zip(row) {
                packed.0[query] = *number;
            }
        }
    }

    /// Keeps the softmax of those queries of a panel that are asked for.
    fn keep(&mut self, first: usize, scores: &[PanelRow], inverse: &[f32; WIDTH]) {
        let Some(attention) = &mut self.attention else {
            return;
        };
        let rows = attention.chunks_exact_mut(scores.len()).skip(first);
        for (query, row) in rows.take(WIDTH).enumerate() {
            for (kept, score) in row.iter_mut().zip(scores) {
                *kept = score.0[query] * inverse[query];
            }
        }
    }
}

/// exp(scale · (score + bias - largest)) down the columns of a panel, and one over the sum of each.
struct Softmax<'a> {
    scores: &'a mut [PanelRow],
    bias: Option<&'a [PanelRow]>,
    scale: f32,
}

impl NullaryFnOnce for Softmax<'_> {
    type Output = [f32; WIDTH];

    #[inline(always)]
    fn call(self) -> [f32; WIDTH] {
        let mut largest = [f32::NEG_INFINITY; WIDTH];
        if let Some(bias) = self.bias {
            for (row, bias) in self.scores.iter_mut().zip(bias) {
                for (score, bias) in row.0.iter_mut().zip(&bias.0) {
                    *score += bias;
                }
            }
        }
        for row in &*self.scores {
            for (largest, score) in largest.iter_mut().zip(&row.0) {
                *largest = if *score > *largest { *score } else { *largest };
            }
        }
        let mut sums = [0f32; WIDTH];
        for row in self.scores {
            for ((sum, score), largest) in sums.iter_mut().zip(&mut row.0).zip(&largest) {
                *score = math::exp((*score - largest) * self.scale);
                *sum += *score;
            }
        }
        sums.map(|sum| 1.0 / sum)
    }
}
