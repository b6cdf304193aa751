//! x Wᵀ with weights packed once, and what follows a linear layer done while its sums are still in the cache.
//!
//! Loops are those of GotoBLAS (Goto & van de Geijn, 10.1145/1356052.1356053): a stretch of the sum ([`DEPTH`]) of a chunk of
//! rows ([`CHUNK`]) stays in the second-level cache, a stretch of one panel passes by all of its blocks, and so on.

use std::ops::Range;

use candle_core::{Result, Tensor};
use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};
use rayon::prelude::*;

use super::activation::Activation;
use super::buffer::Buffer;
use super::composed;
use super::left::{Left, Plain, blocks};
use super::operands::Operands;
use super::panels::{Form, Packed, Panels};
use super::tensors::{with_optional, with_values};
use super::tile::{MOST_ROWS, PanelRow, WIDTH};

/// Steps down a sum that are taken before the next panel's turn.
const DEPTH: usize = 768;

/// Rows of the left matrix that the panels pass by together.
const CHUNK: usize = 16 * MOST_ROWS;

/// Tasks for each thread, so that they end together.
const TASKS_PER_THREAD: usize = 4;

/// What a linear layer does after its product.
#[derive(Clone, Copy, Default)]
pub(super) struct Finish<'a> {
    /// Added to every row, `[N]`.
    pub bias: Option<&'a [f32]>,
    /// Applied after that.
    pub activation: Option<Activation>,
}

/// Writes the outputs `columns` of left · Wᵀ, finished, to `out` `[M, columns]`, row by row.
pub(super) fn product(
    left: &dyn Left,
    weights: &Panels,
    columns: Range<usize>,
    finish: Finish<'_>,
    out: &mut [f32],
) {
    assert_eq!(left.depth(), weights.inputs(), "inputs of the layer");
    assert_eq!(
        out.len(),
        left.rows() * columns.len(),
        "outputs of the layer"
    );
    match weights.form() {
        Form::Single(weights) => product_in(left, weights, columns, finish, out),
        Form::Pairs(weights) => product_in(left, weights, columns, finish, out),
        Form::Rounded(weights) => product_in(left, weights, columns, finish, out),
        Form::Elsewhere(_) => unreachable!("products with weights elsewhere are composed"),
    }
}

/// As [`product`], of weights in one form.
fn product_in<O: Operands>(
    left: &dyn Left,
    weights: &Packed<O>,
    columns: Range<usize>,
    finish: Finish<'_>,
    out: &mut [f32],
) {
    let width = columns.len();
    let threads = rayon::current_num_threads();
    let together = rows_together(threads, left.rows());
    let mut packed = Buffer::of(together * weights.steps);
    let packed: &mut [O::Left] = bytemuck::cast_slice_mut(&mut packed);
    for (number, out) in out.chunks_mut((together * width).max(1)).enumerate() {
        let blocks = blocks(out.len() / width);
        pack_all(left, number * together, &blocks, weights, packed);
        let run = |task: Task<'_>| {
            Arch::new().dispatch(Run {
                task,
                packed: &*packed,
                weights,
                finish,
                start: columns.start,
            });
        };
        let tasks = tasks(&blocks, &columns, out, threads);
        match threads {
            1 => tasks.into_iter().for_each(run),
            _ => tasks.into_par_iter().for_each(run),
        }
    }
}

/// How many of `rows` rows to bring through a layer together: one thread packs what it is about to use, several share
/// what they pack.
pub(super) fn rows_together(threads: usize, rows: usize) -> usize {
    match threads {
        1 => CHUNK.min(rows),
        _ => rows,
    }
}

/// Packs block after block, each `[steps, rows]`.
fn pack_all<O: Operands>(
    left: &dyn Left,
    first: usize,
    blocks: &[usize],
    weights: &Packed<O>,
    packed: &mut [O::Left],
) {
    let mut rest = packed;
    let mut parts = Vec::with_capacity(blocks.len());
    for pair in blocks.windows(2) {
        let rows = pair[1] - pair[0];
        let (part, after) = rest.split_at_mut(rows * weights.steps);
        parts.push((first + pair[0], rows, part));
        rest = after;
    }
    let operands = weights.operands;
    if rayon::current_num_threads() == 1 {
        for (first, rows, part) in parts {
            operands.pack(left, first, rows, part);
        }
    } else {
        parts
            .into_par_iter()
            .with_min_len(2)
            .for_each(|(first, rows, part)| operands.pack(left, first, rows, part));
    }
}

/// Some blocks of rows and some outputs.
struct Task<'a> {
    /// Where each block of rows begins, and the last ends.
    blocks: &'a [usize],
    columns: Range<usize>,
    /// The outputs of each row.
    out: Vec<&'a mut [f32]>,
}

/// Cuts a product into tasks: chunks of rows, and panels where there are fewer chunks than threads want.
fn tasks<'a>(
    blocks: &'a [usize],
    columns: &Range<usize>,
    out: &'a mut [f32],
    threads: usize,
) -> Vec<Task<'a>> {
    let width = columns.len();
    let count = blocks.len() - 1;
    let chunks = (out.len() / width).div_ceil(CHUNK);
    let per_chunk = count.div_ceil(chunks);
    let splits = match threads {
        1 => 1,
        _ => (TASKS_PER_THREAD * threads).div_ceil(chunks),
    };
    let panels = columns.start / WIDTH..columns.end.div_ceil(WIDTH);
    let per_split = panels.len().div_ceil(splits);
    let mut rest = out;
    let mut tasks = Vec::new();
    for chunk in (0..count).step_by(per_chunk) {
        let blocks = &blocks[chunk..=(chunk + per_chunk).min(count)];
        let rows = blocks[blocks.len() - 1] - blocks[0];
        let (own, after) = rest.split_at_mut(rows * width);
        rest = after;
        let first = tasks.len();
        for panel in panels.clone().step_by(per_split) {
            let ends =
                (panel * WIDTH).max(columns.start)..((panel + per_split) * WIDTH).min(columns.end);
            tasks.push(Task {
                blocks,
                columns: ends,
                out: Vec::with_capacity(rows),
            });
        }
        for mut row in own.chunks_exact_mut(width) {
            for task in &mut tasks[first..] {
                let (own, after) = row.split_at_mut(task.columns.len());
                task.out.push(own);
                row = after;
            }
        }
    }
    tasks
}

/// Computes a task.
struct Run<'a, O: Operands> {
    task: Task<'a>,
    packed: &'a [O::Left],
    weights: &'a Packed<O>,
    finish: Finish<'a>,
    /// The output that `finish` begins with.
    start: usize,
}

impl<O: Operands> WithSimd for Run<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let steps = self.weights.steps;
        let columns = self.task.columns.clone();
        let stretches = steps.div_ceil(DEPTH);
        for stretch in 0..stretches {
            let depth = steps * stretch / stretches..steps * (stretch + 1) / stretches;
            for panel in columns.start / WIDTH..columns.end.div_ceil(WIDTH) {
                self.pass(simd, panel, depth.clone());
            }
        }
    }
}

impl<O: Operands> Run<'_, O> {
    /// A stretch of one panel by all blocks.
    #[inline(always)]
    fn pass<S: Simd>(&mut self, simd: S, panel: usize, depth: Range<usize>) {
        let (steps, columns) = (self.weights.steps, &self.task.columns);
        let right = &self.weights.panel(panel)[depth.clone()];
        let wanted = columns.start.max(panel * WIDTH)..columns.end.min((panel + 1) * WIDTH);
        let within = wanted.start - panel * WIDTH..wanted.end - panel * WIDTH;
        let place = wanted.start - columns.start..wanted.end - columns.start;
        let mut bias = PanelRow::ZEROS;
        if let Some(own) = self.finish.bias {
            let own = &own[wanted.start - self.start..wanted.end - self.start];
            bias.0[within.clone()].copy_from_slice(own);
        }
        let first = self.task.blocks[0];
        for pair in self.task.blocks.windows(2) {
            let rows = pair[1] - pair[0];
            let left = &self.packed[pair[0] * steps..];
            let left = &left[depth.start * rows..depth.end * rows];
            let out = &mut self.task.out[pair[0] - first..pair[1] - first];
            let mut sums = [PanelRow::ZEROS; MOST_ROWS];
            let sums = &mut sums[..rows];
            if depth.start > 0 {
                for (sums, out) in sums.iter_mut().zip(&*out) {
                    sums.0[within.clone()].copy_from_slice(&out[place.clone()]);
                }
            }
            let operands = self.weights.operands;
            operands.add_product(simd, left, right, sums, within.end);
            if depth.end == steps {
                simd.vectorize(Last {
                    sums: &mut *sums,
                    bias: &bias.0,
                    activation: self.finish.activation,
                });
            }
            for (sums, out) in sums.iter().zip(out) {
                out[place.clone()].copy_from_slice(&sums.0[within.clone()]);
            }
        }
    }
}

/// What follows complete sums.
struct Last<'a> {
    sums: &'a mut [PanelRow],
    bias: &'a [f32; WIDTH],
    activation: Option<Activation>,
}

impl NullaryFnOnce for Last<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            sums,
            bias,
            activation,
        } = self;
        for sums in sums {
            for (x, b) in sums.0.iter_mut().zip(bias) {
                *x += b;
            }
            if let Some(activation) = activation {
                activation.apply_all(&mut sums.0);
            }
        }
    }
}

/// A layer for every token of `x` `[B, T, K]`, with a bias and an activation where there are any: `[B, T, N]`.
///
/// # Errors
/// When the layer takes another width.
pub fn linear(
    x: &Tensor,
    weights: &Panels,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
) -> Result<Tensor> {
    let (batch, tokens, depth) = x.dims3()?;
    if depth != weights.inputs() {
        candle_core::bail!(
            "a layer of {} inputs is given tokens of width {depth}",
            weights.inputs()
        );
    }
    if let Some(weights) = weights.elsewhere() {
        return composed::linear(x, weights, bias, activation);
    }
    let width = weights.outputs();
    let mut out = vec![0f32; batch * tokens * width];
    with_values(x, |values| {
        with_optional(bias, |bias| {
            let left = Plain { values, depth };
            let finish = Finish { bias, activation };
            product(&left, weights, 0..width, finish, &mut out);
        })
    })??;
    Tensor::from_vec(out, (batch, tokens, width), x.device())
}
