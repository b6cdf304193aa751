//! Contributions are the closed forms, and sum to the representation at every granularity.

use std::sync::Arc;

use candle_core::Tensor;
use rayon::ThreadPoolBuilder;
use vitscope::decompose::{Component, ComponentKind, Decomposer, Rows};
use vitscope::kernels::{Numbers, elsewhere};
use vitscope::vision::Vit;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config::{self, Family};
use vitscope::vision::vit_weights::VitWeights;
use vitscope::vision::weights::Weights;

use crate::support::models::{config, decomposer, numbers};
use crate::support::{
    component_names, demo_model, difference, fixtures, golden, hashed, naive, shared, tensors,
};

/// The share of ‖z‖ that numbers may be off by.
const TOLERANCE: f64 = 1e-5;

/// Contributions of all components to the representation of image `image` of `rows`, `[C, Dz]` in f64.
fn contributions(decomposer: &Decomposer, rows: &Rows, image: usize) -> Vec<Vec<f64>> {
    let parts = decomposer.specs().iter().zip(decomposer.maps());
    let parts = parts.zip(&rows.slabs);
    parts
        .map(|((spec, map), slab)| through(&slab[image * spec.width..][..spec.width], map))
        .collect()
}

/// row · map, in f64.
fn through(row: &[f32], map: &Tensor) -> Vec<f64> {
    let width = map.dims()[1];
    let mut sum = vec![0.0; width];
    for (value, weights) in row.iter().zip(numbers(map).chunks(width)) {
        for (sum, weight) in sum.iter_mut().zip(weights) {
            *sum += f64::from(*value) * f64::from(*weight);
        }
    }
    sum
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The length of the difference of two vectors.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len(), "as many numbers");
    let pairs = left.iter().zip(right);
    length(&pairs.map(|(left, right)| left - right).collect::<Vec<_>>())
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a Vec<f64>>) -> Vec<f64> {
    let mut parts = parts.into_iter();
    let mut sum = parts.next().expect("a part").clone();
    for part in parts {
        sum.iter_mut()
            .zip(part)
            .for_each(|(sum, value)| *sum += value);
    }
    sum
}

/// Rows of normalised pixels `[B, 3, H, W]`.
fn rows(decomposer: &Decomposer, pixels: &Tensor) -> Rows {
    let images = pixels.dims()[0] as u32;
    decomposer
        .rows(pixels, (0..images).collect())
        .expect("rows")
}

/// Fails unless, for every image, components sum to z, source tokens to their head's row, and neurons to their MLP's.
fn adds_up(what: &str, decomposer: &Decomposer, pixels: &Tensor) {
    let rows = rows(decomposer, pixels);
    let represented = numbers(&decomposer.represent(pixels).expect("representations"));
    let width = decomposer.dim().expect("a width");
    let mut worst = 0.0_f64;
    for (image, z) in represented.chunks(width).enumerate() {
        let z = wide(z);
        let whole = sum(&contributions(decomposer, &rows, image));
        worst = worst.max(distance(&whole, &z) / length(&z));
    }
    println!("{what}: components sum to z within {worst:.1e}");
    assert!(worst <= TOLERANCE, "{what}: components miss z by {worst}");
    let worst = tokens_miss(decomposer, pixels, &rows);
    println!("{what}: tokens sum to heads within {worst:.1e}");
    assert!(worst <= TOLERANCE, "{what}: tokens miss heads by {worst}");
    let worst = neurons_miss(decomposer, pixels, &rows);
    println!("{what}: neurons sum to MLPs within {worst:.1e}");
    assert!(worst <= TOLERANCE, "{what}: neurons miss MLPs by {worst}");
}

/// The largest share of a head's row that its source tokens miss.
fn tokens_miss(decomposer: &Decomposer, pixels: &Tensor, rows: &Rows) -> f64 {
    let mut worst = 0.0_f64;
    let terms = decomposer.tokens(pixels).expect("token terms");
    for (spec, slab) in decomposer.specs().iter().zip(&rows.slabs) {
        let Component { kind, layer, head } = spec.component;
        if kind != ComponentKind::Head {
            continue;
        }
        let layer = usize::from(layer);
        let terms = terms.iter().find(|terms| terms.layer == layer);
        let terms = terms.expect("terms of every layer");
        for (image, row) in slab.chunks(spec.width).enumerate() {
            let tokens = token_rows(&terms.weights, &terms.values, image, usize::from(head));
            let found = sum(&tokens);
            worst = worst.max(distance(&found, &wide(row)) / length(&found));
        }
    }
    worst
}

/// What each source token adds to the row of a head that has one slot: `weights[0, h, t] · values[h, t]`.
fn token_rows(weights: &Tensor, values: &Tensor, image: usize, head: usize) -> Vec<Vec<f64>> {
    let own = |tensor: Tensor| tensor.get(head).and_then(|own| own.contiguous());
    let weights = weights.get(image).and_then(|slots| own(slots.get(0)?));
    let values = values.get(image).and_then(own).expect("[T, d]");
    let width = values.dims()[1];
    let weights = numbers(&weights.expect("[T]"));
    let values = numbers(&values);
    let rows = weights.iter().zip(values.chunks(width));
    rows.map(|(weight, value)| {
        let terms = value
            .iter()
            .map(|value| f64::from(*weight) * f64::from(*value));
        terms.collect()
    })
    .collect()
}

/// The largest share of an MLP's row that its neurons miss.
fn neurons_miss(decomposer: &Decomposer, pixels: &Tensor, rows: &Rows) -> f64 {
    let mut worst = 0.0_f64;
    for (layer, neurons) in decomposer.neurons(pixels).expect("neurons") {
        let found = decomposer.neurons_to_row(layer, &neurons).expect("a row");
        let of_mlp = |place: &usize| decomposer.specs()[*place].component == Component::mlp(layer);
        let place = (0..rows.slabs.len()).find(of_mlp);
        let slab = &rows.slabs[place.expect("an MLP of this layer")];
        let width = found.dims()[1];
        for (found, row) in numbers(&found).chunks(width).zip(slab.chunks(width)) {
            let row = wide(row);
            worst = worst.max(distance(&wide(found), &row) / length(&row));
        }
    }
    worst
}

/// Fails unless contributions are those of a golden file `[C, Dz]`, z `[Dz]`.
fn are(what: &str, found: &[Vec<f64>], names: &[String], expected: &Tensor, z: &Tensor) {
    let size = length(&wide(&numbers(z)));
    let width = z.dims()[0];
    assert_eq!(found.len(), names.len(), "{what}");
    let expected = numbers(expected);
    let parts = found.iter().zip(expected.chunks(width)).zip(names);
    let mut worst = 0.0_f64;
    for ((found, expected), name) in parts {
        let off = distance(found, &wide(expected)) / size;
        assert!(off <= TOLERANCE, "{what}, {name}: off by {off} of z");
        worst = worst.max(off);
    }
    println!("{what}: contributions off by {worst:.1e} of z");
}

/// The components' names, in order.
fn names(decomposer: &Decomposer) -> Vec<String> {
    let specs = decomposer.specs().iter();
    specs.map(|spec| spec.component.to_string()).collect()
}

/// Holds the golden model `name` at `image` pixels to its closed forms.
fn follows_closed_forms(name: &str) {
    let mut config = config(name);
    config.image = (224, 224);
    let decomposer = decomposer(name, &config);
    let pixels = hashed::input(1, 224, 224);
    let path = shared("closed").join(format!("{name}_224.safetensors"));
    let golden = tensors(&path);
    let names = names(&decomposer);
    assert_eq!(names, component_names(&path));
    let rows = rows(&decomposer, &pixels);
    let found = contributions(&decomposer, &rows, 0);
    are(name, &found, &names, &golden["contributions"], &golden["z"]);
    adds_up(name, &decomposer, &pixels);
    follow_token_tables(name, &decomposer, &pixels, &golden);
}

/// Holds token terms to the tables `tokens head L.H`, which keep every 16th channel.
fn follow_token_tables(
    what: &str,
    decomposer: &Decomposer,
    pixels: &Tensor,
    golden: &std::collections::HashMap<String, Tensor>,
) {
    let terms = decomposer.tokens(pixels).expect("token terms");
    let tables = golden
        .iter()
        .filter_map(|(key, table)| Some((key.strip_prefix("tokens ")?, table)));
    let mut held = 0;
    for (name, table) in tables {
        let component: Component = name.parse().expect("a component");
        let place = decomposer
            .specs()
            .iter()
            .position(|spec| spec.component == component);
        let map = &decomposer.maps()[place.expect("a component of the model")];
        let (layer, head) = (usize::from(component.layer), usize::from(component.head));
        let terms = terms.iter().find(|terms| terms.layer == layer);
        let terms = terms.expect("terms of every layer");
        let tokens = token_rows(&terms.weights, &terms.values, 0, head);
        assert_eq!(tokens.len(), table.dims()[0], "{what}, {name}");
        let table = numbers(table);
        let width = table.len() / tokens.len();
        let (mut off, mut largest) = (0.0_f64, 0.0_f64);
        for (token, expected) in tokens.iter().zip(table.chunks(width)) {
            let row: Vec<f32> = token.iter().map(|value| *value as f32).collect();
            let kept: Vec<f64> = through(&row, map).into_iter().step_by(16).collect();
            let expected = wide(expected);
            off = off.max(distance(&kept, &expected));
            largest = largest.max(length(&expected));
        }
        let worst = off / largest;
        println!("{what}, {name}: tokens off by {worst:.1e} of the largest");
        assert!(
            worst <= TOLERANCE,
            "{what}, {name}: off by {worst} of the largest"
        );
        held += 1;
    }
    assert_eq!(held, 3, "{what} has token tables");
}

#[test]
fn contributions_of_vit_b16_are_the_closed_forms() {
    follows_closed_forms("vit_b16");
}

#[test]
fn contributions_of_clip_b16_are_the_closed_forms() {
    follows_closed_forms("clip_b16");
}

#[test]
fn contributions_of_dinov2_are_the_closed_forms() {
    follows_closed_forms("dinov2_b14_reg4");
}

/// Normalised pixels of the first four scenes, `[4, 3, H, W]`.
fn scenes(checkpoint: &Checkpoint) -> Tensor {
    let (height, width) = checkpoint.preprocess.output().expect("a fixed size");
    let pixels = (0..4).flat_map(|scene| {
        let path = shared("demo").join(format!("scene-{scene}.png"));
        let picture = image::open(path).expect("a readable picture").to_rgb8();
        checkpoint.preprocess.apply(&picture)
    });
    let device = &candle_core::Device::Cpu;
    Tensor::from_vec(pixels.collect(), (4, 3, height, width), device).expect("pixels")
}

/// Holds the demo checkpoint `name` to its closed forms on four scenes.
fn demo_follows_closed_forms(name: &str) {
    let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
    let decomposer = Decomposer::new(checkpoint.model().expect("a model")).expect("maps");
    let path = shared("demo").join(format!("{name}.safetensors"));
    let golden = tensors(&path);
    let names = names(&decomposer);
    assert_eq!(names, component_names(&path));
    let pixels = scenes(&checkpoint);
    let rows = rows(&decomposer, &pixels);
    for scene in 0..4 {
        let found = contributions(&decomposer, &rows, scene);
        let expected = golden["contributions"].narrow(1, scene, 1);
        let z = golden["features"].get(scene).expect("a row");
        let what = format!("{name}, scene {scene}");
        are(&what, &found, &names, &expected.expect("[C, 1, Dz]"), &z);
    }
    adds_up(name, &decomposer, &pixels);
}

#[test]
fn contributions_of_the_demo_models_are_the_closed_forms() {
    for name in ["deit", "dinov2", "clip"] {
        demo_follows_closed_forms(name);
        elsewhere(|| demo_follows_closed_forms(name));
    }
}

#[test]
fn parts_add_up_in_every_kind_of_model() {
    let names = [
        "deit_b16_distilled",
        "vit_avg",
        "vit_avg_norm_first",
        "clip_l14_shallow",
        "timm_clip_b32",
        "hf_vit",
        "hf_deit",
        "hf_dinov2",
        "hf_dinov2_registers",
    ];
    for name in names {
        let config = config(name);
        let pixels = hashed::input(1, config.image.0, config.image.1);
        adds_up(name, &decomposer(name, &config), &pixels);
    }
}

#[test]
fn contributions_of_small_models_are_those_of_a_naive_forward_pass() {
    let golden = golden();
    for name in [
        "vit",
        "deit",
        "dinov2",
        "dinov2_registers",
        "clip",
        "timm_distilled",
        "timm_mean",
        "timm_clip",
        "timm_registers",
    ] {
        let folder = fixtures().join(name);
        let read = config::read(&folder, None).expect("a readable config");
        let Family::Vit(config) = read.family else {
            panic!("{} is a plain ViT", folder.display());
        };
        let weights = Weights::open(&folder).expect("readable weights");
        let weights = VitWeights::take(&config, weights).expect("weights that fit");
        let pixels = &golden["model/pixels"];
        let model = Vit::new(config.clone(), weights.clone(), Numbers::F32).expect("a model");
        let decomposer = Decomposer::new(Arc::new(model)).expect("maps");
        let rows = rows(&decomposer, pixels);
        let mut worst = 0.0_f64;
        let images = numbers(pixels);
        for (image, pixels) in images
            .chunks(3 * config.image.0 * config.image.1)
            .enumerate()
        {
            let expected = naive::contributions(&config, &weights, pixels);
            let found = contributions(&decomposer, &rows, image);
            let z = length(&naive::represent(&config, &weights, pixels));
            assert_eq!(found.len(), expected.len(), "{name}");
            for ((component, expected), (spec, found)) in
                expected.iter().zip(decomposer.specs().iter().zip(&found))
            {
                assert_eq!(*component, spec.component, "{name}");
                let off = distance(found, expected) / z;
                assert!(off <= TOLERANCE, "{name}, {component}: off by {off} of z");
                worst = worst.max(off);
            }
        }
        println!("{name}: contributions off by {worst:.1e} of z");
    }
}

/// The largest difference between slabs, in shares of the largest number of each.
fn slabs_differ(left: &Rows, right: &Rows) -> f32 {
    let slabs = left.slabs.iter().chain([&left.z]);
    let shares = slabs.zip(right.slabs.iter().chain([&right.z]));
    let shares = shares.map(|(left, right)| {
        let largest = left
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        difference(left, right) / largest
    });
    shares.fold(0.0, f32::max)
}

#[test]
fn a_batch_of_three_is_three_batches_of_one() {
    for name in [
        "vit_avg",
        "hf_dinov2_registers",
        "hf_deit",
        "clip_l14_shallow",
    ] {
        let config = config(name);
        let decomposer = decomposer(name, &config);
        let pixels = hashed::input(3, config.image.0, config.image.1);
        let together = rows(&decomposer, &pixels);
        let mut apart = Rows::default();
        for image in 0..3 {
            let one = pixels.narrow(0, image, 1).expect("an image");
            apart.append(decomposer.rows(&one, vec![image as u32]).expect("rows"));
        }
        assert_eq!(together.ids, apart.ids);
        let off = slabs_differ(&together, &apart);
        println!("{name}: batches differ by {off:.1e}");
        assert!(off <= 1e-6, "{name}: off by {off}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let config = config("hf_dinov2_registers");
    let decomposer = decomposer("hf_dinov2_registers", &config);
    let pixels = hashed::input(3, config.image.0, config.image.1);
    let with = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| rows(&decomposer, &pixels))
    };
    let alone = with(1);
    for threads in [2, 3, 7] {
        assert!(alone == with(threads), "{threads} threads");
    }
}
