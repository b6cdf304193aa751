//! What a step of CompAlign costs for ViT-B/16 and a CLIP of 512 dimensions: maps trained whole, penalty included.
//!
//! `cargo bench -- align` takes turns within one process and prints seconds per step, start and reports included: with the
//! penalty's gradient at every step, and as fits of this size have it, at every fourth; and the floating-point operations
//! of the steps' matrix products in that time.

use std::time::Instant;

use vitscope::align::{FitOptions, InMemoryTargets, Random, fit};
use vitscope::contributions::{Contributions, InMemory, every_image};
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::Silent;

/// Images of a fit, of a step, and how often each is trained on: 32 steps.
const IMAGES: usize = 1200;
const BATCH: usize = 135;
const EPOCHS: usize = 4;

/// Width of the representation and of the targets.
const D: usize = 768;
const K: usize = 512;

fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Random::new(seed);
    (0..count).map(|_| random.uniform() as f32 - 0.5).collect()
}

fn contributions() -> InMemory {
    let mut specs = vec![(Component::init(), D)];
    for layer in 0..12 {
        specs.extend((0..12).map(|head| (Component::head(layer, head), 64)));
        specs.push((Component::mlp(layer), D));
    }
    let specs: Vec<RowSpec> = (specs.into_iter())
        .map(|(component, width)| RowSpec { component, width })
        .collect();
    let maps = specs
        .iter()
        .map(|spec| noise(spec.width * D, spec.width as u64));
    let rows = Rows {
        ids: (0..IMAGES as u32).collect(),
        z: noise(IMAGES * D, 1),
        slabs: specs
            .iter()
            .map(|spec| noise(IMAGES * spec.width, 2))
            .collect(),
    };
    let maps = maps.collect();
    InMemory::new(specs, maps, D, vec![rows]).expect("shapes that fit")
}

/// Floating-point operations of the matrix products of a step, two for each multiply-add: `penalised` of the maps have the
/// penalty's gradient taken. Of a symmetric product only what is multiplied out counts: blocks of 128 columns from the
/// diagonal on.
fn operations(specs: &[RowSpec], batch: usize, penalised: f64) -> f64 {
    let widths: usize = specs.iter().map(|spec| spec.width).sum();
    let through = specs.iter().map(|spec| spec.width).filter(|&d| d < D);
    let folded: usize = through.map(|d| d * D * K).sum();
    let gram: usize = (0..K).step_by(128).map(|start| 128 * D * (K - start)).sum();
    // Sums and their gradient; maps folded with what is trained, and the gradient carried back.
    let every_step = 2 * batch * widths * K + 2 * folded;
    2.0 * (every_step as f64 + penalised * specs.len() as f64 * (gram + D * K * K) as f64)
}

/// Prints the table.
pub fn print() {
    let held = contributions();
    let ids: Vec<u32> = (0..IMAGES as u32).collect();
    let targets = InMemoryTargets::new(&ids, noise(IMAGES * K, 3), K);
    let steps = EPOCHS * (IMAGES * 9 / 10).div_ceil(BATCH);
    println!(
        "{:>26} {:>10} {:>10} {:>10}",
        "penalty at every", "s / step", "ratio", "GFLOP/s"
    );
    let rate = |every: usize, seconds: f64| {
        operations(held.specs(), BATCH, 1.0 / every as f64) / seconds / 1e9
    };
    let per_step = |every: usize| {
        let options = FitOptions {
            batch: Some(BATCH),
            epochs: Some(EPOCHS),
            patience: Some(EPOCHS),
            penalty_every: Some(every),
            ..FitOptions::default()
        };
        let began = Instant::now();
        fit(
            &held,
            &targets,
            &every_image,
            &options,
            &Cancel::default(),
            &Silent,
        )
        .expect("a fit");
        began.elapsed().as_secs_f64() / steps as f64
    };
    for _ in 0..2 {
        let whole = per_step(1);
        println!(
            "{:>26} {whole:>10.2} {:>10.2} {:>10.0}",
            "step",
            1.0,
            rate(1, whole)
        );
        let lazy = per_step(4);
        println!(
            "{:>26} {lazy:>10.2} {:>10.2} {:>10.0}",
            "fourth step, as it is",
            lazy / whole,
            rate(4, lazy)
        );
    }
}
