//! The linear layer and elementwise kernels, on tensors of the sizes that ViT-B/16 gives them for eight images.

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use vitscope::decompose::Linear;
use vitscope::kernels::{self, Activation, LayerNorm};

use crate::{Threads, hashed};

const THREADS: [Threads; 2] = [Threads::One, Threads::All];
const TOKENS: usize = 8 * 197;

/// Runs `kernel` on fresh copies of a tensor, once read and once written.
fn measure<O>(
    bencher: Bencher,
    threads: Threads,
    shape: &[usize],
    kernel: impl Fn(&Tensor) -> O + Sync,
) where
    O: Send,
{
    let (pool, values) = (threads.pool(), hashed::tensor("values", shape));
    let bytes = 2 * values.elem_count() * size_of::<f32>();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| values.copy().expect("a copy"))
        .bench_local_refs(|values| pool.install(|| kernel(values)));
}

/// A linear layer of ViT-B/16 on one image or eight: rows, inputs, outputs.
const LAYERS: [(usize, usize, usize); 4] = [
    (197, 768, 2304),
    (197, 768, 3072),
    (197, 3072, 768),
    (TOKENS, 768, 3072),
];

/// Items are floating-point operations. One layer's weights stay in the cache, as those of a whole model do not.
#[divan::bench(args = LAYERS)]
fn linear_with_gelu(bencher: Bencher, (rows, inputs, outputs): (usize, usize, usize)) {
    let weight = hashed::tensor("fc1.weight", &[outputs, inputs]);
    let bias = hashed::tensor("fc1.bias", &[outputs]);
    let layer = Linear::new(&weight, Some(bias)).expect("a layer");
    let (pool, tokens) = (
        Threads::One.pool(),
        hashed::tensor("values", &[1, rows, inputs]),
    );
    bencher
        .counter(ItemsCount::new(2 * rows * inputs * outputs))
        .bench_local(|| pool.install(|| layer.activated(&tokens, Activation::Gelu)));
}

#[divan::bench(args = THREADS)]
fn layer_norm(bencher: Bencher, threads: Threads) {
    let norm = LayerNorm {
        weight: hashed::tensor("norm.weight", &[768]),
        bias: hashed::tensor("norm.bias", &[768]),
        eps: 1e-6,
    };
    measure(bencher, threads, &[TOKENS, 768], |values| {
        norm.forward(values).map(|normalized| normalized.value)
    });
}

#[divan::bench(args = THREADS)]
fn residual_sum(bencher: Bencher, threads: Threads) {
    let branch = hashed::tensor("branch", &[TOKENS, 768]);
    measure(bencher, threads, &[TOKENS, 768], |values| {
        kernels::add_branch(values.clone(), &branch, None, None)
    });
}
