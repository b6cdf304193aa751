//! Layers whose products are of rounded numbers.

use super::definitions::{convolution, dense, silu, wide};
use super::{close, numbers, on_pools, tensor};
use crate::kernels::pairs::Pairs;
use crate::kernels::{Activation, Numbers, Panels, convolve, elsewhere, linear, perceptron};

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
    let truth = convolution(&rounded(&x), &rounded(&kernel), (h, w, c), stride);
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
