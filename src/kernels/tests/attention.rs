//! Attention over all tokens and within groups.

use candle_core::Tensor;

use super::definitions::{BATCH, HEAD, HEADS, Truth, attention, dense, wide};
use super::{close, everywhere, numbers, tensor};
use crate::kernels::{Grouping, Numbers, Panels, ScoreBias, self_attention};

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
