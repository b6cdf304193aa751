//! Retrieval beside the plain reading of its bytes: three heads of ViT-B/16 over sets that fit in a cache and sets that do
//! not, in f32 and in f16.
//!
//! `cargo bench -- search` takes turns within one process and prints medians and ratios; `cargo bench -- retrieve` and
//! `-- read_as_many_bytes` are the same by themselves.

use std::borrow::Cow;
use std::fmt;
use std::hint::black_box;
use std::time::Instant;

use divan::Bencher;
use divan::counter::BytesCount;
use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use vitscope::align::Aligned;
use vitscope::analysis::{Found, furthest_along};
use vitscope::contributions::{Contributions, ReadError, Slab, every_image};
use vitscope::decompose::{Component, RowSpec};
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

use crate::questions::{K, aligned, feature, values};

/// Heads, the width of a head's rows, and images in a part, as a store has them.
const HEADS: usize = 3;
const WIDTH: usize = 64;
const PART: usize = 512;

/// How often each of both is run by [`print`].
const ROUNDS: usize = 41;

/// What is searched.
#[derive(Clone, Copy, Debug)]
struct Case {
    images: usize,
    half: bool,
}

const CASES: [Case; 4] = [
    Case {
        images: 50_000,
        half: false,
    },
    Case {
        images: 500_000,
        half: false,
    },
    Case {
        images: 50_000,
        half: true,
    },
    Case {
        images: 500_000,
        half: true,
    },
];

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = if self.half { "f16" } else { "f32" };
        write!(f, "{} images, {precision}", self.images)
    }
}

impl Case {
    /// Bytes of the rows that are searched.
    fn bytes(self) -> usize {
        let number = if self.half { 2 } else { 4 };
        self.images * HEADS * WIDTH * number
    }
}

/// The rows of some heads, each part's in one run as in a file of the store. Retrieval does not look at representations.
struct Heads {
    specs: Vec<RowSpec>,
    ids: Vec<u32>,
    /// By head, `[images, WIDTH]`.
    single: Vec<Vec<f32>>,
    half: Vec<Vec<f16>>,
}

impl Heads {
    fn new(case: Case) -> Self {
        let mut heads = Self {
            specs: (0..HEADS)
                .map(|head| RowSpec {
                    component: Component::head(11, head),
                    width: WIDTH,
                })
                .collect(),
            ids: (0..case.images as u32).collect(),
            single: Vec::new(),
            half: Vec::new(),
        };
        for head in 0..HEADS {
            let rows = values(&format!("rows{head}.w"), &[case.images, WIDTH]);
            if case.half {
                let mut halves = vec![f16::ZERO; rows.len()];
                halves.convert_from_f32_slice(&rows);
                heads.half.push(halves);
            } else {
                heads.single.push(rows);
            }
        }
        heads
    }

    fn part(&self, part: usize, width: usize) -> std::ops::Range<usize> {
        part * PART * width..((part + 1) * PART).min(self.ids.len()) * width
    }

    /// Reading as many bytes, from as many places, on all cores: what the memory gives.
    fn read(&self) -> u64 {
        let of_head = |part, head| match self.slab(part, head).expect("in memory") {
            Slab::Single(rows) => folded(rows, |v| v.to_bits()),
            Slab::Half(rows) => folded(rows, |v| u32::from(v.to_bits())),
        };
        let of_part = |part| (0..HEADS).map(|head| of_head(part, head)).sum::<u64>();
        (0..self.parts()).into_par_iter().map(of_part).sum()
    }

    /// The ten images that the heads respond to most.
    fn search(&self, aligned: &Aligned, direction: &[f64]) -> Vec<Found> {
        let (cancel, all) = (Cancel::default(), &every_image);
        let heads = [0, 1, 2];
        furthest_along(self, aligned, &heads, direction, 10, all, &cancel, &Silent).expect("images")
    }
}

/// All numbers in one.
fn folded<T: Copy>(rows: &[T], bits: impl Fn(T) -> u32) -> u64 {
    let mut lanes = [0u32; 64];
    for row in rows.as_chunks::<64>().0 {
        for (lane, value) in lanes.iter_mut().zip(row) {
            *lane ^= bits(*value);
        }
    }
    lanes.iter().map(|lane| u64::from(*lane)).sum()
}

impl Contributions for Heads {
    fn specs(&self) -> &[RowSpec] {
        &self.specs
    }

    fn map(&self, _: usize) -> &[f32] {
        unreachable!("a search goes through aligned maps")
    }

    fn dim(&self) -> usize {
        1
    }

    fn parts(&self) -> usize {
        self.ids.len().div_ceil(PART)
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        Ok(Cow::Borrowed(&self.ids[self.part(part, 1)]))
    }

    fn z(&self, _: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        unreachable!("a search does not look at representations")
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        let numbers = self.part(part, WIDTH);
        Ok(match self.single.get(component) {
            Some(rows) => Slab::Single(&rows[numbers]),
            None => Slab::Half(&self.half[component][numbers]),
        })
    }
}

/// The ten of so many images that three heads respond to most. Bytes are those of their rows.
#[divan::bench(args = CASES, sample_count = 40, sample_size = 1)]
fn retrieve_by_three_heads(bencher: Bencher, case: Case) {
    let (heads, aligned, feature) = (Heads::new(case), aligned(vec![WIDTH; HEADS]), feature());
    bencher
        .counter(BytesCount::new(case.bytes()))
        .bench_local(|| heads.search(&aligned, &feature.axes[..K]));
}

/// Reading as many bytes, from as many places, on all cores.
#[divan::bench(args = CASES, sample_count = 40, sample_size = 1)]
fn read_as_many_bytes(bencher: Bencher, case: Case) {
    let heads = Heads::new(case);
    bencher
        .counter(BytesCount::new(case.bytes()))
        .bench_local(|| heads.read());
}

/// Prints the table.
pub fn print() {
    let (aligned, feature) = (aligned(vec![WIDTH; HEADS]), feature());
    println!("three heads searched beside as many bytes read, in turn, all cores, medians");
    println!(
        "{:>22} {:>9} {:>12} {:>12} {:>16}",
        "", "search ms", "search GB/s", "read GB/s", "search / read"
    );
    for case in CASES {
        let heads = Heads::new(case);
        let (mut searches, mut reads, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let search = seconds(|| drop(black_box(heads.search(&aligned, &feature.axes[..K]))));
            let read = seconds(|| {
                black_box(heads.read());
            });
            searches.push(search);
            reads.push(read);
            ratios.push(read / search);
        }
        let (search, read) = (median(searches), median(reads));
        let speed = |seconds: f64| case.bytes() as f64 / seconds / 1e9;
        println!(
            "{:>22} {:>9.2} {:>12.1} {:>12.1} {:>16.2}",
            case.to_string(),
            search * 1e3,
            speed(search),
            speed(read),
            median(ratios)
        );
    }
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
