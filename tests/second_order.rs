//! Second order: what components contribute through a head sums to that head's own contribution, in every family.

use candle_core::{Device, Tensor};
use vitscope::decompose::{Component, ComponentKind, Decomposer, Rows};
use vitscope::vision::checkpoint::Checkpoint;

use crate::support::{demo_model, hashed};

/// Relative error that rounding in f32 makes.
const EXACT: f32 = 1e-5;

fn model(name: &str) -> Decomposer {
    let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
    Decomposer::new(checkpoint.model().expect("weights that fit")).expect("a sound model")
}

fn product(rows: &Rows, index: usize, width: usize, map: &Tensor) -> Tensor {
    let row = Tensor::from_slice(&rows.slabs[index], (rows.len(), width), &Device::Cpu);
    row.and_then(|row| row.matmul(map)).expect("row times map")
}

fn norm(x: &Tensor) -> f32 {
    let square = x
        .sqr()
        .and_then(|x| x.sum_all())
        .and_then(|x| x.to_scalar::<f32>());
    square.expect("numbers").sqrt()
}

/// A head of the first layer, of a middle one and of the last.
fn some_heads(decomposer: &Decomposer) -> Vec<Component> {
    let specs = decomposer.specs().iter().map(|spec| spec.component);
    let heads: Vec<Component> = specs.filter(|c| c.kind == ComponentKind::Head).collect();
    vec![heads[1], heads[heads.len() / 2], heads[heads.len() - 1]]
}

#[test]
fn sources_sum_to_the_head_they_go_through() {
    for name in ["deit", "dinov2", "clip", "swin", "maxvit"] {
        let decomposer = model(name);
        let pixels = hashed::input(2, 64, 64);
        let first = decomposer.rows(&pixels, vec![0, 1]).expect("rows");
        for head in some_heads(&decomposer) {
            let index = decomposer
                .specs()
                .iter()
                .position(|s| s.component == head)
                .expect("a head");
            let width = decomposer.specs()[index].width;
            let own = product(&first, index, width, &decomposer.maps()[index]);
            let through = decomposer
                .through(head)
                .expect("a readout through the head");
            let rows = through.rows(&pixels, vec![0, 1]).expect("rows");
            let mut sum = own.zeros_like().expect("zeros");
            for (index, spec) in through.specs().iter().enumerate() {
                let part = product(&rows, index, spec.width, &through.maps()[index]);
                sum = (sum + part).expect("one shape");
            }
            let error = norm(&(&sum - &own).expect("one shape")) / norm(&own);
            assert!(error <= EXACT, "{name}, {head}: off by {error}");
            let later = through
                .specs()
                .iter()
                .filter(|s| s.component.kind == ComponentKind::Head);
            assert!(
                later.into_iter().all(|s| s.component.layer < head.layer),
                "{name}, {head}"
            );
        }
    }
}

#[test]
fn a_source_counts_only_through_the_values_it_made() {
    // The first layer's heads read the embedded tokens alone: nothing but init and constants goes through them.
    let decomposer = model("deit");
    let sources = |head| -> Vec<String> {
        let through = decomposer.through(head).expect("a readout");
        let specs = through.specs().iter();
        specs.map(|spec| spec.component.to_string()).collect()
    };
    assert_eq!(sources(Component::head(0, 2)), ["init", "bias"]);
    assert_eq!(
        sources(Component::head(1, 0)),
        [
            "init", "head 0.0", "head 0.1", "head 0.2", "head 0.3", "mlp 0", "bias"
        ]
    );
    assert!(decomposer.through(Component::head(6, 0)).is_err());
    assert!(decomposer.through(Component::head(0, 4)).is_err());
    assert!(decomposer.through(Component::mlp(0)).is_err());
}
