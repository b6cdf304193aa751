//! ViT-B/16 with parameters from the formula: forward passes, heads, token terms.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::ItemsCount;
use vitscope::decompose::{Decomposer, Linear};
use vitscope::kernels::Numbers;
use vitscope::vision::Vit;
use vitscope::vision::config::{self, Family};
use vitscope::vision::vit_weights::VitWeights;
use vitscope::vision::weights::Weights;

use crate::{Threads, hashed};

/// Tokens, width, MLP width and blocks.
const T: u64 = 197;
const D: u64 = 768;
const M: u64 = 3072;
const BLOCKS: u64 = 12;

/// The model.
pub static BASE: LazyLock<Decomposer> = LazyLock::new(|| base(Numbers::F32));

/// The same, its linear layers multiplying bf16.
pub static BASE_BF16: LazyLock<Decomposer> = LazyLock::new(|| base(Numbers::Bf16));

fn base(numbers: Numbers) -> Decomposer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/vit_b16");
    let read = config::read(&folder, None).expect("a readable config");
    let Family::Vit(config) = read.family else {
        panic!("{} is a plain ViT", folder.display());
    };
    let tensors = hashed::filled(&folder);
    let weights =
        VitWeights::take(&config, Weights::from_tensors(tensors)).expect("weights that fit");
    let model = Vit::new(config, weights, numbers).expect("a model");
    Decomposer::new(Arc::new(model)).expect("maps")
}

/// Normalised pixels `[B, 3, 224, 224]`.
pub fn pixels(batch: usize) -> Tensor {
    hashed::input(batch, 224, 224)
}

/// Floating-point operations of the matrix products of a forward pass of `batch` images: two for each multiply-add.
///
/// The last block computes the class token's queries and MLP alone.
pub fn operations(batch: usize) -> u64 {
    let block = T * D * 3 * D + 2 * T * T * D + T * D * D + 2 * T * D * M;
    let last = T * D * 2 * D + D * D + 2 * T * D + D * D + 2 * D * M;
    let patches = (T - 1) * D * D;
    2 * batch as u64 * (patches + (BLOCKS - 1) * block + last)
}

/// A matrix product of the size that most of the work has: the MLP's first layer on eight images.
pub struct Yardstick {
    tokens: Tensor,
    layer: Linear,
}

impl Yardstick {
    pub fn new(numbers: Numbers) -> Self {
        let matrix = |shape: &[usize]| hashed::tensor("yardstick.weight", shape);
        let weight = matrix(&[M as usize, D as usize]);
        Self {
            tokens: matrix(&[8, T as usize, D as usize]),
            layer: Linear::multiplying(&weight, None, numbers).expect("a layer"),
        }
    }

    pub fn run(&self) -> Tensor {
        self.layer.product(&self.tokens).expect("a product")
    }

    pub fn operations() -> u64 {
        2 * 8 * T * D * M
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Case {
    batch: usize,
    threads: Threads,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = match self.threads {
            Threads::One => "one thread",
            Threads::All => "all cores",
        };
        write!(f, "batch {}, {threads}", self.batch)
    }
}

const CASES: [Case; 4] = [
    Case {
        batch: 1,
        threads: Threads::One,
    },
    Case {
        batch: 8,
        threads: Threads::One,
    },
    Case {
        batch: 1,
        threads: Threads::All,
    },
    Case {
        batch: 8,
        threads: Threads::All,
    },
];

/// Runs `work` on a batch of images; items are floating-point operations of the forward pass.
fn forward<O: Send>(bencher: Bencher, case: Case, work: impl Fn(&Tensor) -> O + Sync) {
    let (pool, pixels) = (case.threads.pool(), pixels(case.batch));
    LazyLock::force(&BASE);
    bencher
        .counter(ItemsCount::new(operations(case.batch)))
        .bench_local(|| pool.install(|| work(&pixels)));
}

#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn forward_bare(bencher: Bencher, case: Case) {
    forward(bencher, case, |pixels| {
        BASE.represent(pixels).expect("representations")
    });
}

#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn forward_bare_bf16(bencher: Bencher, case: Case) {
    LazyLock::force(&BASE_BF16);
    forward(bencher, case, |pixels| {
        BASE_BF16.represent(pixels).expect("representations")
    });
}

#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn forward_with_all_components(bencher: Bencher, case: Case) {
    forward(bencher, case, |pixels| {
        BASE.rows(pixels, vec![0; case.batch]).expect("rows")
    });
}

#[divan::bench(args = CASES, sample_count = 10, sample_size = 1)]
fn forward_with_token_terms(bencher: Bencher, case: Case) {
    forward(bencher, case, |pixels| {
        BASE.tokens(pixels).expect("token terms")
    });
}

/// What the machine's matrix product does: the yardstick for the forward passes above.
#[divan::bench(args = [Threads::One, Threads::All], sample_count = 20, sample_size = 1)]
fn matrix_product(bencher: Bencher, threads: Threads) {
    let (pool, yardstick) = (threads.pool(), Yardstick::new(Numbers::F32));
    bencher
        .counter(ItemsCount::new(Yardstick::operations()))
        .bench_local(|| pool.install(|| yardstick.run()));
}
