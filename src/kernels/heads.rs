//! Attention of one head at a time: scores, softmax and the weighted values of 32 queries without leaving the cache.
//!
//! Everything is transposed, so that queries lie side by side in a panel: scores `Sᵀ = K Qᵀ` come out of the product as
//! panels of the next one, `Oᵀ = Vᵀ Sᵀ`, and softmax runs down columns, a query in each lane.

use std::cell::Cell;

use pulp::{NullaryFnOnce, Simd, WithSimd};

use super::left::{Left, blocks, pack};
use super::math;
use super::tile::{MOST_ROWS, PanelRow, WIDTH, add_product};

/// Queries, keys or values: some columns of what a linear layer gave, heads side by side.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// `[B·T, stride]`.
    pub numbers: &'a [f32],
    pub stride: usize,
    /// The first column.
    pub start: usize,
    /// Columns of a head.
    pub width: usize,
}

impl<'a> Part<'a> {
    #[inline(always)]
    fn of(&self, token: usize, head: usize) -> &'a [f32] {
        &self.numbers[token * self.stride + self.start + head * self.width..][..self.width]
    }
}

/// The places of a group, counted through all images.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    /// The tokens of an image, group after group; in their own order where they are one group.
    pub order: Option<&'a [u32]>,
    /// Tokens in a group.
    pub size: usize,
    pub group: usize,
    /// Tokens of an image.
    pub tokens: usize,
}

impl Places<'_> {
    /// The token at a place, counted through all images.
    #[inline(always)]
    pub fn token(&self, place: usize) -> usize {
        let at = self.group * self.size + place;
        match self.order {
            Some(order) => at / self.tokens * self.tokens + order[at % self.tokens] as usize,
            None => at,
        }
    }
}

/// A head in a group.
pub(super) struct Head<'a> {
    /// Queries, keys and values.
    pub parts: [(Part<'a>, Places<'a>); 3],
    pub head: usize,
    pub bias: Option<&'a [PanelRow]>,
    /// Where each query's output goes.
    pub out: Vec<&'a mut [f32]>,
    /// Where the softmax of the first queries goes, `[n, t]`.
    pub attention: Option<&'a mut [f32]>,
    /// Where the values go, `[t, d]`.
    pub copied: Option<&'a mut [f32]>,
}

/// The rows of a head's keys.
struct Keys<'a>(Part<'a>, Places<'a>, usize);

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
