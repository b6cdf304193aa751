//! Layers against their definitions in double precision, on one thread and on several, and as composed for other devices.

use candle_core::{Device, Tensor};
use rayon::ThreadPoolBuilder;

use super::convolution::tests::{by_definition, numbers};
use super::pairs::Pairs;
use super::{
    Activation, Grouping, Numbers, Panels, ScoreBias, convolve, elsewhere, linear, perceptron,
    self_attention,
};

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).unwrap()
}

fn close(found: &Tensor, truth: &[f64]) {
    let found: Vec<f32> = found.flatten_all().unwrap().to_vec1().unwrap();
    assert_eq!(found.len(), truth.len());
    let scale = truth.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
    for (found, truth) in found.iter().zip(truth) {
        let error = (f64::from(*found) - truth).abs();
        assert!(
            error < 1e-5 * scale,
            "{found} for {truth}, of up to {scale}"
        );
    }
}

/// What the kernels give, and what the tensor library's operations do.
pub(super) fn here_and_elsewhere<T: Send>(work: impl Fn() -> T + Sync) -> [T; 2] {
    [work(), elsewhere(&work)]
}

/// Runs the same work in pools of one thread, which packs what it is about to use, and of three, which share it.
fn on_pools(work: impl Fn() + Sync) {
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(&work);
    }
}

/// As [`on_pools`], and as on other devices.
fn everywhere(work: impl Fn() + Sync) {
    on_pools(&work);
    elsewhere(&work);
}

/// x Wᵀ + b, row by row: x `[M, K]`, W `[N, K]`.
fn dense(x: &[f64], weight: &[f32], bias: Option<&[f32]>, depth: usize) -> Vec<f64> {
    let output = |row: &[f64], n: usize| {
        let weights = &weight[n * depth..][..depth];
        let sum: f64 = row
            .iter()
            .zip(weights)
            .map(|(x, w)| x * f64::from(*w))
            .sum();
        sum + bias.map_or(0.0, |bias| f64::from(bias[n]))
    };
    let outputs = weight.len() / depth;
    x.chunks_exact(depth)
        .flat_map(|row| (0..outputs).map(move |n| output(row, n)))
        .collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

#[test]
fn linear_layers_follow_their_definition() {
    // Less than a block, blocks and panels that are not full, several chunks of rows and stretches of a sum.
    for (batch, tokens, depth, outputs) in [
        (1, 1, 1, 1),
        (2, 7, 5, 3),
        (1, 230, 40, 33),
        (3, 150, 1600, 70),
    ] {
        let (x, weight) = (numbers(batch * tokens * depth), numbers(outputs * depth));
        let bias = numbers(outputs);
        let plain = dense(&wide(&x), &weight, None, depth);
        let biased = dense(&wide(&x), &weight, Some(&bias), depth);
        let activated: Vec<f64> = biased.iter().map(|v| silu(*v)).collect();
        let (x, bias) = (
            tensor(&x, &[batch, tokens, depth]),
            tensor(&bias, &[outputs]),
        );
        let weight = tensor(&weight, &[outputs, depth]);
        everywhere(|| {
            let layer = Panels::pack(&weight, Numbers::F32).unwrap();
            close(&linear(&x, &layer, None, None).unwrap(), &plain);
            close(&linear(&x, &layer, Some(&bias), None).unwrap(), &biased);
            let found = linear(&x, &layer, Some(&bias), Some(Activation::Silu));
            close(&found.unwrap(), &activated);
            let back = layer.unpack().unwrap();
            assert_eq!(
                back.to_vec2::<f32>().unwrap(),
                weight.to_vec2::<f32>().unwrap()
            );
            let wider = Tensor::zeros((1, 2, depth + 1), x.dtype(), x.device()).unwrap();
            assert!(linear(&wider, &layer, None, None).is_err(), "another width");
        });
    }
}

/// Packed for products of bf16, as this machine does them and as any does.
fn halved(weight: &[f32], shape: &[usize]) -> [Panels; 2] {
    [Pairs::here(), None].map(|native| Panels::bf16(&tensor(weight, shape), native).unwrap())
}

/// Each number the nearest with so many bits after the first, of two that are as near the one with an even last bit: by the
/// definition, in f64.
fn nearest(values: &[f32], bits: f64) -> Vec<f32> {
    let nearest = |value: &f32| {
        let exponent = f64::from(value.abs().max(f32::MIN_POSITIVE)).log2().floor();
        let unit = (exponent - bits).exp2();
        ((f64::from(*value) / unit).round_ties_even() * unit) as f32
    };
    values.iter().map(nearest).collect()
}

/// Each number the nearest bf16.
fn rounded(values: &[f32]) -> Vec<f32> {
    nearest(values, 7.0)
}

#[test]
fn linear_layers_of_bf16_multiply_what_is_rounded_and_sum_in_f32() {
    // As above, and sums of an odd number of products.
    for (batch, tokens, depth, outputs) in [
        (1, 1, 1, 2),
        (2, 7, 5, 17),
        (1, 230, 40, 33),
        (3, 150, 3201, 70),
    ] {
        let (x, weight) = (numbers(batch * tokens * depth), numbers(outputs * depth));
        let bias = numbers(outputs);
        let seen = rounded(&weight);
        assert_ne!(seen, weight, "there is something to round");
        let truth = dense(&wide(&rounded(&x)), &seen, Some(&bias), depth);
        let activated: Vec<f64> = truth.iter().map(|v| silu(*v)).collect();
        let (x, bias) = (
            tensor(&x, &[batch, tokens, depth]),
            tensor(&bias, &[outputs]),
        );
        for layer in halved(&weight, &[outputs, depth]) {
            assert_eq!(layer.numbers(), Numbers::Bf16);
            on_pools(|| {
                close(&linear(&x, &layer, Some(&bias), None).unwrap(), &truth);
                let found = linear(&x, &layer, Some(&bias), Some(Activation::Silu));
                close(&found.unwrap(), &activated);
            });
            let back = layer.unpack().unwrap().flatten_all().unwrap();
            assert_eq!(back.to_vec1::<f32>().unwrap(), seen);
        }
    }
    let weight = tensor(&[1.0], &[1, 1]);
    assert!(Panels::pack(&weight, Numbers::F16).is_err(), "not on a CPU");
}

#[test]
fn layers_on_other_devices_multiply_what_is_rounded_and_sum_in_f32() {
    let (tokens, depth, outputs) = (50, 33, 17);
    let (x, weight) = (numbers(tokens * depth), numbers(outputs * depth));
    for (kind, bits) in [(Numbers::Bf16, 7.0), (Numbers::F16, 10.0)] {
        let seen = nearest(&weight, bits);
        assert_ne!(seen, weight, "there is something to round");
        let truth = dense(&wide(&nearest(&x, bits)), &seen, None, depth);
        elsewhere(|| {
            let layer = Panels::pack(&tensor(&weight, &[outputs, depth]), kind).unwrap();
            let x = tensor(&x, &[1, tokens, depth]);
            close(&linear(&x, &layer, None, None).unwrap(), &truth);
            let back = layer.unpack().unwrap().flatten_all().unwrap();
            assert_eq!(back.to_vec1::<f32>().unwrap(), seen, "{kind}");
        });
    }
}

#[test]
fn every_way_into_a_product_of_bf16_rounds_alike() {
    let (batch, tokens, depth, hidden, outputs) = (2, 160, 12, 45, 20);
    let (x, up, down) = (
        numbers(batch * tokens * depth),
        numbers(hidden * depth),
        numbers(outputs * hidden),
    );
    let between: Vec<f64> = dense(&wide(&rounded(&x)), &rounded(&up), None, depth)
        .into_iter()
        .map(silu)
        .collect();
    let tokens_of = tensor(&x, &[batch, tokens, depth]);
    let layers = halved(&up, &[hidden, depth]);
    for (up, down) in layers.iter().zip(&halved(&down, &[outputs, hidden])) {
        let seen = down.unpack().unwrap().flatten_all().unwrap();
        let seen = seen.to_vec1::<f32>().unwrap();
        on_pools(|| {
            let found = perceptron(&tokens_of, (up, None), Activation::Silu, down, Some(tokens));
            let (out, kept) = found.unwrap();
            let kept = kept.unwrap();
            close(&kept, &between);
            // A sum near the middle between two bf16 is rounded as it came out.
            let kept: Vec<f32> = kept.flatten_all().unwrap().to_vec1().unwrap();
            close(&out, &dense(&wide(&rounded(&kept)), &seen, None, hidden));
        });
    }
    // A convolution sees an odd number of channels at each of its taps.
    let ((h, w, c), stride) = ((5, 7, 3), 2);
    let (x, kernel) = (numbers(h * w * c), numbers(outputs * c * 9));
    let truth = by_definition(&rounded(&x), &rounded(&kernel), (h, w, c), stride);
    let kernel = tensor(&kernel, &[outputs, c, 3, 3]).permute((0, 2, 3, 1));
    let kernel = kernel.unwrap().flatten_all().unwrap().to_vec1().unwrap();
    for layer in halved(&kernel, &[outputs, 9 * c]) {
        let x = tensor(&x, &[1, h * w, c]);
        close(
            &convolve(&x, (&layer, None), None, (h, w), stride).unwrap(),
            &truth,
        );
    }
}

#[test]
fn perceptrons_follow_their_definition_and_keep_what_is_asked_for() {
    let (batch, tokens, depth, hidden, outputs) = (2, 160, 12, 45, 20);
    let (x, up, down) = (
        numbers(batch * tokens * depth),
        numbers(hidden * depth),
        numbers(outputs * hidden),
    );
    let bias = numbers(hidden);
    let between: Vec<f64> = dense(&wide(&x), &up, Some(&bias), depth)
        .into_iter()
        .map(silu)
        .collect();
    let truth = dense(&between, &down, None, hidden);
    let keep = 3;
    let kept: Vec<f64> = (between.chunks_exact(tokens * hidden))
        .flat_map(|image| image[..keep * hidden].to_vec())
        .collect();
    let x = tensor(&x, &[batch, tokens, depth]);
    let (up, down) = (
        tensor(&up, &[hidden, depth]),
        tensor(&down, &[outputs, hidden]),
    );
    let bias = tensor(&bias, &[hidden]);
    everywhere(|| {
        let [up, down] = [&up, &down].map(|weight| Panels::pack(weight, Numbers::F32).unwrap());
        let found = perceptron(&x, (&up, Some(&bias)), Activation::Silu, &down, Some(keep));
        let (out, found) = found.unwrap();
        close(&out, &truth);
        close(&found.unwrap(), &kept);
        let found = perceptron(&x, (&up, Some(&bias)), Activation::Silu, &down, None);
        assert!(found.unwrap().1.is_none(), "nothing was asked for");
    });
}

/// Images, heads, and columns of a head in the attention that is checked.
const BATCH: usize = 2;
const HEADS: usize = 3;
const HEAD: usize = 20;

/// What attention gives by its definition: output `[T, H·d]` of an image's tokens, softmax `[G, H, t, t]` and values `[G, H, t, d]`.
struct Truth {
    output: Vec<f64>,
    softmax: Vec<f64>,
    values: Vec<f64>,
}

/// Attention within groups of an image's tokens, `qkv` `[T, 3·H·d]`; `bias` of a group, head, query and key.
fn attention(
    qkv: &[f64],
    groups: &[Vec<usize>],
    bias: impl Fn(usize, usize, usize, usize) -> f64,
) -> Truth {
    let width = HEADS * HEAD;
    let tokens = qkv.len() / (3 * width);
    let part = |token: usize, part: usize, head: usize| -> &[f64] {
        &qkv[token * 3 * width + part * width + head * HEAD..][..HEAD]
    };
    let mut truth = Truth {
        output: vec![0.0; tokens * width],
        softmax: Vec::new(),
        values: Vec::new(),
    };
    for (g, group) in groups.iter().enumerate() {
        for head in 0..HEADS {
            for (q, query) in group.iter().enumerate() {
                let score = |(k, key): (usize, &usize)| {
                    let pairs = part(*query, 0, head).iter().zip(part(*key, 1, head));
                    let product: f64 = pairs.map(|(a, b)| a * b).sum();
                    (product + bias(g, head, q, k)) / (HEAD as f64).sqrt()
                };
                let scores: Vec<f64> = group.iter().enumerate().map(score).collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let powers: Vec<f64> = scores.iter().map(|s| (s - largest).exp()).collect();
                let sum: f64 = powers.iter().sum();
                for (power, key) in powers.iter().zip(group) {
                    truth.softmax.push(power / sum);
                    for (column, value) in part(*key, 2, head).iter().enumerate() {
                        truth.output[query * width + head * HEAD + column] += power / sum * value;
                    }
                }
            }
            truth.values.extend(
                group
                    .iter()
                    .flat_map(|token| part(*token, 2, head).to_vec()),
            );
        }
    }
    truth
}

/// Tokens `[B, T, K]`, weights and bias of the layer of their queries, keys and values, and what it gives, `[B·T, 3·H·d]`.
fn asking(tokens: usize) -> (Tensor, Tensor, Tensor, Vec<f64>) {
    let (depth, outputs) = (17, 3 * HEADS * HEAD);
    let (x, weight, bias) = (
        numbers(BATCH * tokens * depth),
        numbers(outputs * depth),
        numbers(outputs),
    );
    let qkv = dense(&wide(&x), &weight, Some(&bias), depth);
    (
        tensor(&x, &[BATCH, tokens, depth]),
        tensor(&weight, &[outputs, depth]),
        tensor(&bias, &[outputs]),
        qkv,
    )
}

/// The first `count` rows of each table of `rows` rows of `width` numbers.
fn first_rows(numbers: &[f64], rows: usize, width: usize, count: usize) -> Vec<f64> {
    let tables = numbers.chunks_exact(rows * width);
    tables
        .flat_map(|table| table[..count * width].to_vec())
        .collect()
}

#[test]
fn attention_over_all_tokens_follows_its_definition() {
    let tokens = 70;
    let (x, weight, bias, qkv) = asking(tokens);
    let all: Vec<usize> = (0..tokens).collect();
    let images = qkv.chunks_exact(tokens * 3 * HEADS * HEAD);
    let truths: Vec<Truth> = images
        .map(|qkv| attention(qkv, std::slice::from_ref(&all), |_, _, _, _| 0.0))
        .collect();
    let of_all = |numbers: fn(&Truth) -> &Vec<f64>| {
        truths
            .iter()
            .flat_map(numbers)
            .copied()
            .collect::<Vec<f64>>()
    };
    let (output, softmax, values) = (
        of_all(|t| &t.output),
        of_all(|t| &t.softmax),
        of_all(|t| &t.values),
    );
    everywhere(|| {
        let layer = Panels::pack(&weight, Numbers::F32).unwrap();
        for (queries, kept) in [(tokens, 40), (tokens, 1), (5, 5), (1, 1)] {
            let found = self_attention(&x, (&layer, Some(&bias)), HEADS, None, queries, Some(kept))
                .unwrap();
            close(
                &found.output,
                &first_rows(&output, tokens, HEADS * HEAD, queries),
            );
            let (attention, taken) = found.detail.unwrap();
            close(&attention, &first_rows(&softmax, tokens, tokens, kept));
            close(&taken, &values);
        }
        let found = self_attention(&x, (&layer, Some(&bias)), HEADS, None, 1, None);
        assert!(found.unwrap().detail.is_none(), "nothing was asked for");
    });
}

#[test]
fn attention_within_groups_follows_its_definition() {
    // Three groups of 35 tokens that lie apart, and a bias of their own for each.
    let (groups, size) = (3, 35);
    let tokens = groups * size;
    let (x, weight, bias, qkv) = asking(tokens);
    let members: Vec<Vec<usize>> = (0..groups)
        .map(|group| (0..size).map(|place| place * groups + group).collect())
        .collect();
    let order: Vec<u32> = members.concat().iter().map(|token| *token as u32).collect();
    let scores = numbers(groups * HEADS * size * size);
    let of_pair = |g: usize, head: usize, q: usize, k: usize| {
        f64::from(scores[((g * HEADS + head) * size + q) * size + k])
    };
    let images = qkv.chunks_exact(tokens * 3 * HEADS * HEAD);
    let truths: Vec<Truth> = images
        .map(|qkv| attention(qkv, &members, of_pair))
        .collect();
    let of_all = |numbers: fn(&Truth) -> &Vec<f64>| {
        truths
            .iter()
            .flat_map(numbers)
            .copied()
            .collect::<Vec<f64>>()
    };
    let scores = tensor(&scores, &[groups, HEADS, size, size]);
    everywhere(|| {
        let layer = Panels::pack(&weight, Numbers::F32).unwrap();
        let packed = ScoreBias::pack(&scores).unwrap();
        let grouping = Grouping {
            order: &order,
            size,
            bias: &packed,
        };
        let found = self_attention(
            &x,
            (&layer, Some(&bias)),
            HEADS,
            Some(grouping),
            tokens,
            Some(size),
        )
        .unwrap();
        close(&found.output, &of_all(|t| &t.output));
        let (attention, values) = found.detail.unwrap();
        close(&attention, &of_all(|t| &t.softmax));
        close(&values, &of_all(|t| &t.values));
    });
}

#[test]
fn layers_that_lie_apart_are_refused() {
    let weight = tensor(&numbers(12 * 4), &[12, 4]);
    let scores = tensor(&[0.0; 4], &[1, 1, 2, 2]);
    let made = || {
        let layer = Panels::pack(&weight, Numbers::F32).unwrap();
        (layer, ScoreBias::pack(&scores).unwrap())
    };
    let [here, there] = here_and_elsewhere(made);
    let x = tensor(&numbers(8), &[1, 2, 4]);
    assert!(linear(&x, &here.0, None, None).is_ok());
    let linear = elsewhere(|| linear(&x, &here.0, None, None));
    assert!(linear.is_err(), "packed weights");
    let square = tensor(&numbers(16), &[4, 4]);
    let [up, down] = here_and_elsewhere(|| Panels::pack(&square, Numbers::F32).unwrap());
    assert!(perceptron(&x, (&up, None), Activation::Silu, &up, None).is_ok());
    assert!(perceptron(&x, (&up, None), Activation::Silu, &down, None).is_err());
    let attention = |bias| {
        let grouping = Grouping {
            order: &[0, 1],
            size: 2,
            bias,
        };
        self_attention(&x, (&here.0, None), 1, Some(grouping), 2, None)
    };
    assert!(attention(&here.1).is_ok());
    assert!(attention(&there.1).is_err());
}
