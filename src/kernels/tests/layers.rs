//! Linear layers and perceptrons in f32.

use candle_core::Tensor;

use super::definitions::{dense, silu, wide};
use super::{close, everywhere, numbers, tensor};
use crate::kernels::{Activation, Numbers, Panels, linear, perceptron};

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
