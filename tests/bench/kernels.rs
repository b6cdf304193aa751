//! The elementwise kernels, on tensors of the sizes that ViT-B/16 gives them for eight images.

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::BytesCount;
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

#[divan::bench(args = THREADS)]
fn gelu(bencher: Bencher, threads: Threads) {
    let bias = hashed::tensor("fc1.bias", &[3072]);
    measure(bencher, threads, &[TOKENS, 3072], |values| {
        kernels::bias_activation(values, &bias, Activation::Gelu)
    });
}

#[divan::bench(args = THREADS)]
fn quick_gelu(bencher: Bencher, threads: Threads) {
    let bias = hashed::tensor("fc1.bias", &[3072]);
    measure(bencher, threads, &[TOKENS, 3072], |values| {
        kernels::bias_activation(values, &bias, Activation::QuickGelu)
    });
}

/// The scores of one image.
#[divan::bench(args = THREADS)]
fn softmax(bencher: Bencher, threads: Threads) {
    measure(bencher, threads, &[12, 197, 197], |values| {
        kernels::scaled_softmax(values, 0.125)
    });
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
        kernels::add_in_place(values, &branch)
    });
}
