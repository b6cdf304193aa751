//! Models give the same on every device: composed of the tensor library's operations, as for a GPU, and on a GPU itself
//! where the program is built for one.

use candle_core::{Device, Tensor};
use vitscope::decompose::{Component, ComponentKind, Decomposer, EXACT, Identities};
use vitscope::kernels::{Numbers, elsewhere};
use vitscope::vision::checkpoint::Checkpoint;

use crate::support::models::numbers;
use crate::support::{demo_model, hashed};

/// The demo's checkpoints, at least one of each family.
const MODELS: [&str; 6] = ["deit", "dino", "dinov2", "clip", "swin", "maxvit"];

/// Rounding of f32 in another order, as a share of what is rounded; small parts of large sums are off by more.
const ROUNDING: f64 = 1e-4;

/// The model called `name` on `device`, its linear layers by products of `numbers`.
fn decomposer(name: &str, device: &Device, numbers: Numbers) -> Decomposer {
    let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
    let model = checkpoint.model_on(device, numbers);
    Decomposer::new(model.expect("weights that fit")).expect("a sound model")
}

/// Everything that the model called `name` gives for two images on `device`: what it is, and the numbers.
fn given(name: &str, device: &Device) -> Vec<(String, Vec<f32>)> {
    let decomposer = decomposer(name, device, Numbers::F32);
    let pixels = hashed::input(2, 64, 64);
    let mut given = Vec::new();
    let mut note = |what: &str, tensor: &Tensor| {
        assert!(
            tensor.device().is_cpu(),
            "{name}, {what} is given on the CPU"
        );
        given.push((format!("{name}, {what}"), numbers(tensor)));
    };
    note(
        "representation",
        &decomposer.represent(&pixels).expect("a forward pass"),
    );
    for map in decomposer.maps() {
        note("a map", map);
    }
    let located = decomposer.located(&pixels).expect("a forward pass");
    for terms in &located.heads {
        note("a layer's attention", &terms.weights);
        note("a layer's values", &terms.values);
    }
    for terms in &located.own {
        note("weights of tokens", &terms.weights);
        note("rows of tokens", &terms.rows);
    }
    for (layer, neurons) in decomposer.neurons(&pixels).expect("a forward pass") {
        note("neurons", &neurons);
        note(
            "their row",
            &decomposer.neurons_to_row(layer, &neurons).expect("a row"),
        );
    }
    let heads = decomposer.specs().iter().map(|spec| spec.component);
    let heads: Vec<Component> = heads.filter(|c| c.kind == ComponentKind::Head).collect();
    let through = decomposer
        .through(heads[heads.len() / 2])
        .expect("a readout");
    let rows = [
        decomposer.rows(&pixels, vec![0, 1]).expect("rows"),
        through.rows(&pixels, vec![0, 1]).expect("rows"),
    ];
    for rows in rows {
        given.push((format!("{name}, z"), rows.z));
        for slab in rows.slabs {
            given.push((format!("{name}, rows of a component"), slab));
        }
    }
    given
}

/// Fails unless both are the same numbers, but for rounding.
fn agree(here: Vec<(String, Vec<f32>)>, there: Vec<(String, Vec<f32>)>) {
    assert_eq!(here.len(), there.len());
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    for ((what, here), (_, there)) in here.iter().zip(&there) {
        assert_eq!(here.len(), there.len(), "{what}");
        let pairs = here.iter().zip(there);
        let off = length(&mut pairs.map(|(h, t)| f64::from(*h) - f64::from(*t)));
        let size = length(&mut here.iter().map(|h| f64::from(*h)));
        assert!(off <= ROUNDING * size, "{what}: off by {off} of {size}");
    }
}

/// Fails unless components sum to the representation on `device`, whatever its linear layers multiply.
fn adds_up(name: &str, device: &Device) {
    let exact = decomposer(name, device, Numbers::F32);
    for numbers in [Numbers::Bf16, Numbers::F16] {
        let rounding = decomposer(name, device, numbers);
        let mut identities = Identities::default();
        let pixels = hashed::input(2, 64, 64);
        let checked = identities.check_rounding(&rounding, &exact, &pixels);
        checked.expect("forward passes");
        let worst = identities.worst();
        assert!(worst <= EXACT, "{name} in {numbers}: off by {worst}");
    }
}

#[test]
fn composed_models_give_everything_that_the_kernels_do_and_add_up() {
    for name in MODELS {
        let composed = elsewhere(|| given(name, &Device::Cpu));
        agree(given(name, &Device::Cpu), composed);
        elsewhere(|| adds_up(name, &Device::Cpu));
    }
}

#[cfg(any(feature = "cuda", feature = "metal"))]
#[test]
fn gpus_give_everything_that_the_cpu_does_and_add_up() {
    let others = vitscope::kernels::device::found().split_off(1);
    assert!(
        !others.is_empty(),
        "this test needs a GPU that the program was built for"
    );
    for device in others {
        let device = device.open().expect("a device that was found");
        for name in MODELS {
            agree(given(name, &Device::Cpu), given(name, &device));
            adds_up(name, &device);
        }
    }
}
