//! Layers whose parts lie on different devices.

use super::{here_and_elsewhere, numbers, tensor};
use crate::kernels::{
    Activation, Grouping, Numbers, Panels, ScoreBias, elsewhere, linear, perceptron, self_attention,
};

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
