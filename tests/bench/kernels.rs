//! Layers and elementwise kernels, on tensors of the sizes that ViT-B/16 gives them for eight images, and MaxViT-S its
//! convolutions for one. Items are floating-point operations, two for each multiply-add.

use candle_core::Tensor;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use vitscope::decompose::Linear;
use vitscope::kernels::{self, Activation, Depthwise, LayerNorm, Numbers, Panels};

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

/// One layer's weights stay in the cache, as those of a whole model do not.
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

/// A packed layer, `[outputs, inputs]`.
fn packed(outputs: usize, inputs: usize) -> Panels {
    Panels::pack(
        &hashed::tensor("layer.weight", &[outputs, inputs]),
        Numbers::F32,
    )
    .expect("a layer")
}

/// Queries, keys and values of one image of ViT-B/16, and all of its heads; with and without the softmax kept, which token
/// maps need.
#[divan::bench(args = [None, Some(197)])]
fn attention(bencher: Bencher, detail: Option<usize>) {
    const T: usize = 197;
    const D: usize = 768;
    let (layer, tokens) = (packed(3 * D, D), hashed::tensor("values", &[1, T, D]));
    let pool = Threads::One.pool();
    bencher
        .counter(ItemsCount::new(2 * (T * D * 3 * D + 2 * T * T * D)))
        .bench_local(|| {
            let attend = || kernels::self_attention(&tokens, (&layer, None), 12, None, T, detail);
            pool.install(attend).expect("heads")
        });
}

/// The second convolution of MaxViT-S's stem.
#[divan::bench]
fn convolution(bencher: Bencher) {
    const SIDE: usize = 112;
    const C: usize = 64;
    let (layer, tokens) = (
        packed(C, 9 * C),
        hashed::tensor("values", &[1, SIDE * SIDE, C]),
    );
    let pool = Threads::One.pool();
    bencher
        .counter(ItemsCount::new(2 * SIDE * SIDE * 9 * C * C))
        .bench_local(|| {
            let convolve = || kernels::convolve(&tokens, (&layer, None), None, (SIDE, SIDE), 1);
            pool.install(convolve).expect("a map")
        });
}

/// The widening layer and the depthwise convolution of a block of MaxViT-S's first stage.
#[divan::bench]
fn widened_depthwise(bencher: Bencher) {
    const SIDE: usize = 56;
    const K: usize = 96;
    const C: usize = 384;
    let (layer, tokens) = (packed(C, K), hashed::tensor("values", &[1, SIDE * SIDE, K]));
    let convolution = Depthwise {
        weight: hashed::tensor("depthwise.weight", &[9, C]),
        bias: hashed::tensor("depthwise.bias", &[C]),
        activation: Some(Activation::Gelu),
    };
    let (pool, gelu) = (Threads::One.pool(), Some(Activation::Gelu));
    let (layer, map) = ((&layer, None), (SIDE, SIDE));
    bencher
        .counter(ItemsCount::new(2 * SIDE * SIDE * (K + 9) * C))
        .bench_local(|| {
            let branch = || kernels::depthwise(&tokens, layer, gelu, &convolution, map, 1);
            pool.install(branch).expect("a map")
        });
}
