//! Alignment against planted maps.

use super::objective::{alignment_gradient, deviation};
use super::*;
use crate::contributions::every_image;
use crate::contributions::synthetic::{Synthetic, random_alignment, synthesize};
use crate::linalg::{matrix, matrix_of, narrow, transposed_product, values};
use crate::work::cancel::Cancel;
use crate::work::progress::Silent;

/// Targets that a planted alignment makes of synthetic contributions, longer than 1 on purpose.
fn targets(synthetic: &Synthetic, truth: &Alignment) -> InMemoryTargets {
    let (_, total) = synthetic.aligned(truth);
    let values = total.iter().map(|&v| 3.0 * v as f32).collect();
    InMemoryTargets::new(&synthetic.ids(), values, truth.width)
}

fn fitted(synthetic: &Synthetic, targets: &InMemoryTargets, options: &FitOptions) -> Alignment {
    let cancel = Cancel::default();
    fit(
        &synthetic.contributions,
        targets,
        &every_image,
        options,
        &cancel,
        &Silent,
    )
    .expect("fits")
}

#[test]
fn planted_maps_are_recovered_whatever_the_widths() {
    let widths = [4, 4, 6, 24, 3];
    for (dim, width) in [(16, 16), (12, 16), (20, 16)] {
        let synthetic = synthesize(2000, dim, &widths, 300, 1);
        let truth = random_alignment(widths.len(), dim, width, 2);
        let options = FitOptions {
            start: Start::Procrustes,
            learning_rate: Some(6e-3),
            ..FitOptions::default()
        };
        let found = fitted(&synthetic, &targets(&synthetic, &truth), &options);
        let report = found.report.as_ref().expect("a fit reports");
        assert!(report.held_out_cosine > 0.99, "{dim} {width}: {report:?}");
        assert!(report.baseline_cosine < 0.9);
        // Fewer rows than columns leave K − D per component that no map can do without.
        let least = width.saturating_sub(dim) as f64 / width as f64;
        assert!(report.penalty < least + 0.05, "{}", report.penalty);
        assert!((penalty(&found.maps, dim, width) - report.penalty).abs() < 1e-4);
        held_out_cosine_is_what_the_maps_give(&synthetic, &truth, &found);
    }
}

/// The reported held-out cosine, computed again densely from the finished maps.
fn held_out_cosine_is_what_the_maps_give(
    synthetic: &Synthetic,
    truth: &Alignment,
    found: &Alignment,
) {
    let report = found.report.as_ref().expect("a fit reports");
    let ids = held_out(&synthetic.ids(), 0.1, report.options.seed);
    let (_, wanted) = synthetic.aligned(truth);
    let (_, sums) = synthetic.aligned(found);
    let mut cosines = 0.0;
    for id in &ids {
        let row = (*id as usize - 1) / 3;
        let (a, b) = (
            &wanted[row * truth.width..][..truth.width],
            &sums[row * truth.width..][..truth.width],
        );
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| p * q).sum::<f64>();
        cosines += dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    }
    assert_eq!(ids.len(), report.held_out_images);
    assert!((cosines / ids.len() as f64 - report.held_out_cosine).abs() < 1e-5);
}

#[test]
fn the_published_start_learns_too_and_a_shared_map_starts_far_ahead() {
    let widths = [4, 4, 16, 3];
    let synthetic = synthesize(2000, 20, &widths, 2000, 3);
    let truth = random_alignment(widths.len(), 20, 16, 4);
    let wanted = targets(&synthetic, &truth);
    let with = |start| {
        let options = FitOptions {
            start,
            learning_rate: Some(6e-3),
            ..FitOptions::default()
        };
        let report = fitted(&synthetic, &wanted, &options).report;
        report.expect("a fit reports")
    };
    let (gaussian, procrustes) = (with(Start::Gaussian), with(Start::Procrustes));
    assert!(
        gaussian.held_out_cosine > 0.97,
        "{}",
        gaussian.held_out_cosine
    );
    assert!(procrustes.held_out_cosine > gaussian.held_out_cosine);
    let start = |report: &FitReport| 1.0 - report.curve[0].held_out_alignment;
    assert!(start(&procrustes) > start(&gaussian) + 0.5);
    assert!(procrustes.curve[0].penalty < 1e-6);
}

#[test]
fn one_seed_one_fit() {
    let widths = [4, 5, 2];
    let synthetic = synthesize(300, 8, &widths, 70, 5);
    let truth = random_alignment(widths.len(), 8, 8, 6);
    let wanted = targets(&synthetic, &truth);
    let options = FitOptions {
        epochs: Some(3),
        ..FitOptions::default()
    };
    let first = fitted(&synthetic, &wanted, &options);
    assert_eq!(first, fitted(&synthetic, &wanted, &options));
    let other = FitOptions { seed: 1, ..options };
    assert_ne!(first.maps, fitted(&synthetic, &wanted, &other).maps);
    // Everything needed to repeat it survives being written down.
    let report = first.report.expect("a fit reports");
    let text = serde_json::to_string(&report).expect("serialisable");
    let read: FitReport = serde_json::from_str(&text).expect("its own text");
    assert_eq!(read.options, report.options);
    assert_eq!(read.curve.len(), report.curve.len());
}

#[test]
fn only_images_that_take_part_are_trained_on() {
    let widths = [4, 5, 2];
    let synthetic = synthesize(400, 8, &widths, 90, 7);
    let truth = random_alignment(widths.len(), 8, 8, 8);
    // Images that take no part need no target at all.
    let ids: Vec<u32> = synthetic
        .ids()
        .into_iter()
        .filter(|id| id % 2 == 0)
        .collect();
    let all = targets(&synthetic, &truth);
    let wanted = InMemoryTargets::new(&ids, all.read(&ids).expect("in memory"), 8);
    let (cancel, keep) = (Cancel::default(), |id: u32| id.is_multiple_of(2));
    let options = FitOptions {
        epochs: Some(2),
        ..FitOptions::default()
    };
    let found = fit(
        &synthetic.contributions,
        &wanted,
        &keep,
        &options,
        &cancel,
        &Silent,
    )
    .expect("fits");
    let report = found.report.expect("a fit reports");
    assert_eq!(report.images + report.held_out_images, ids.len());

    let missing = fit(
        &synthetic.contributions,
        &wanted,
        &every_image,
        &options,
        &cancel,
        &Silent,
    );
    let said = missing.expect_err("half have no target").to_string();
    assert!(said.contains("has no CLIP embedding"), "{said}");
    cancel.request();
    let stopped = fit(
        &synthetic.contributions,
        &wanted,
        &keep,
        &options,
        &cancel,
        &Silent,
    );
    assert!(matches!(stopped, Err(AlignError::Cancelled(_))));
}

/// A float64 tensor that numpy and torch made; `tests/fixtures/README.md` says how.
pub(crate) fn golden(file: &str, tensor: &str) -> Vec<f64> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let bytes = std::fs::read(format!("{folder}/{file}")).expect("a fixture");
    let tensors = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let found = tensors.tensor(tensor).expect("a tensor of the fixture");
    found
        .data()
        .chunks_exact(8)
        .map(|b| f64::from_le_bytes(b.try_into().expect("eight bytes")))
        .collect()
}

fn close(got: &[f32], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!((f64::from(*g) - w).abs() < tolerance, "{g} {w}");
    }
}

#[test]
fn loss_terms_and_gradients_equal_torch_autograd() {
    let (components, images, width) = (4, 10, 8);
    for (name, dim) in [("narrow", 6), ("square", 8), ("wide", 11)] {
        let read = |what: &str| golden("alignment.safetensors", &format!("{name} {what}"));
        let maps: Vec<Vec<f32>> = read("maps").chunks(dim * width).map(narrow).collect();
        assert!((penalty(&maps, dim, width) - read("penalty")[0]).abs() < 1e-6);

        let mut slopes = Vec::new();
        for map in &maps {
            let (_, quarter) = deviation(&matrix_of(map, dim, width), dim, width, true);
            let each = 4.0 / (components * width) as f32;
            slopes.extend(quarter.iter().map(|v| each * v));
        }
        close(&slopes, &read("penalty_gradient_maps"), 1e-6);

        let targets = narrow(&read("targets"));
        let mut sums = narrow(&read("aligned"));
        let distance = alignment_gradient(&mut sums, &targets, width);
        assert!((distance - read("distance")[0]).abs() < 1e-6);
        let sums = matrix(sums, images, width);
        let mut slopes: Vec<f32> = Vec::new();
        for contribution in read("contributions").chunks(images * dim) {
            let contribution = matrix(narrow(contribution), images, dim);
            slopes.extend(values::<f32>(&transposed_product(&contribution, &sums)));
        }
        close(&slopes, &read("distance_gradient_maps"), 1e-6);
        let bias = sums.sum(0).expect("two dimensions");
        close(&values::<f32>(&bias), &read("distance_gradient_bias"), 1e-6);
    }
}
