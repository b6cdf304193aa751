//! What a step of CompAlign costs for ViT-B/16 and a CLIP of 512 dimensions: maps trained whole, penalty included.
//!
//! `cargo bench -- align` takes turns within one process and prints seconds per step, start and reports included: with the
//! penalty's gradient at every step,
//! and as fits of this size have it, at every fourth.

use std::time::Instant;

use vitscope::align::{FitOptions, InMemoryTargets, Random, fit};
use vitscope::cancel::Cancel;
use vitscope::contributions::{InMemory, every_image};
use vitscope::decompose::{Component, RowSpec, Rows};
use vitscope::progress::Silent;

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

/// Prints the table.
pub fn print() {
    let held = contributions();
    let ids: Vec<u32> = (0..IMAGES as u32).collect();
    let targets = InMemoryTargets::new(&ids, noise(IMAGES * K, 3), K);
    let steps = EPOCHS * (IMAGES * 9 / 10).div_ceil(BATCH);
    println!(
        "{:>26} {:>10} {:>10}",
        "penalty at every", "s / step", "ratio"
    );
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
        println!("{:>26} {whole:>10.2} {:>10.2}", "step", 1.0);
        let lazy = per_step(4);
        println!(
            "{:>26} {lazy:>10.2} {:>10.2}",
            "fourth step, as it is",
            lazy / whole
        );
    }
}
