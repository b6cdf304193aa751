//! `rank neurons` gives the scores that each neuron's contribution has when it is worked out on its own.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use vitscope::decompose::{Component, Decomposer};
use vitscope::session::Session;
use vitscope::text::TextEncoder;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::work::cancel::Cancel;

use crate::support::{demo_model, shell};

const TEXT: &str = "a striped pattern";

/// The contributions of some neurons of a layer and the total, for some scenes, in CLIP's space.
struct Dense {
    /// By neuron and image, `[K]`.
    neurons: Vec<Vec<Vec<f64>>>,
    /// By image, `[K]`.
    totals: Vec<Vec<f64>>,
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|flat| flat.to_vec1::<f32>());
    flat.expect("numbers").into_iter().map(f64::from).collect()
}

/// `row` through `map` `[row.len(), columns]`.
fn through(row: &[f64], map: &[f64], columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; columns];
    for (value, line) in row.iter().zip(map.chunks(columns)) {
        out.iter_mut()
            .zip(line)
            .for_each(|(out, m)| *out += value * m);
    }
    out
}

fn dense(session: &Session, model: &str, layer: usize, count: usize, ids: &[u32]) -> Dense {
    let checkpoint = Checkpoint::open(&demo_model(model)).expect("a checkpoint");
    let decomposer = Decomposer::new(checkpoint.model().expect("a model")).expect("maps");
    let done = session
        .store()
        .decomposition(model, "scenes")
        .expect("stored");
    let mut aligned = done
        .load_blob("align-clip")
        .expect("readable")
        .expect("aligned");
    let dim = decomposer.dim().expect("a width");
    let maps: HashMap<Component, Vec<f64>> = (decomposer.specs().iter().zip(decomposer.maps()))
        .map(|(spec, map)| {
            let into = aligned
                .take_f32(&spec.component.to_string())
                .expect("a map");
            let into: Vec<f64> = into.iter().map(|&v| f64::from(v)).collect();
            let width = into.len() / dim;
            let map = numbers(map);
            let joined = map.chunks(dim).flat_map(|row| through(row, &into, width));
            (spec.component, joined.collect())
        })
        .collect();
    let scenes = session.store().set("scenes").expect("a set");
    let (height, width) = checkpoint.preprocess.output().expect("a size");
    let mut dense = Dense {
        neurons: vec![Vec::new(); count],
        totals: Vec::new(),
    };
    for id in ids {
        let image = scenes.decode(*id as usize).expect("a picture");
        let pixels = checkpoint.preprocess.apply(&image);
        let pixels = Tensor::from_vec(
            pixels.into_iter().collect::<Vec<f32>>(),
            (1, 3, height, width),
            &Device::Cpu,
        )
        .expect("pixels");
        let rows = decomposer.rows(&pixels, vec![0]).expect("rows");
        let k = maps[&Component::mlp(layer)].len()
            / rows.slabs[decomposer
                .specs()
                .iter()
                .position(|s| s.component == Component::mlp(layer))
                .expect("an MLP")]
            .len();
        let mut total = vec![0.0; k];
        for (spec, slab) in decomposer.specs().iter().zip(&rows.slabs) {
            let slab: Vec<f64> = slab.iter().map(|v| f64::from(*v)).collect();
            let own = through(&slab, &maps[&spec.component], k);
            total.iter_mut().zip(own).for_each(|(t, v)| *t += v);
        }
        dense.totals.push(total);
        let all = decomposer.neurons(&pixels).expect("neurons");
        let (_, activations) = all.iter().find(|(own, _)| *own == layer).expect("an MLP");
        let (_, paths, neurons) = activations.dims3().expect("[1, S, M]");
        let values = activations
            .flatten_all()
            .and_then(|f| f.to_vec1::<f32>())
            .expect("numbers");
        for neuron in 0..count {
            // this neuron alone, every other one silent
            let mut alone = vec![0.0f32; paths * neurons];
            (0..paths)
                .for_each(|path| alone[path * neurons + neuron] = values[path * neurons + neuron]);
            let alone =
                Tensor::from_vec(alone, (1, paths, neurons), &Device::Cpu).expect("activations");
            let row = numbers(&decomposer.neurons_to_row(layer, &alone).expect("a row"));
            dense.neurons[neuron].push(through(&row, &maps[&Component::mlp(layer)], k));
        }
    }
    dense
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x, y) = (mean(a), mean(b));
    a.iter().zip(b).map(|(a, b)| (a - x) * (b - y)).sum::<f64>() / a.len() as f64
}

/// The scenes that scores are taken on and that are striped.
fn striped(session: &Session) -> Vec<u32> {
    let set = session.store().set("scenes").expect("a set");
    let column = |name: &str| {
        set.frame()
            .column(name)
            .and_then(|c| c.str().cloned())
            .expect("texts")
    };
    let (split, texture) = (column("split"), column("texture"));
    let pairs = split.iter().zip(texture.iter()).zip(0..);
    pairs
        .filter(|((split, texture), _)| *split == Some("eval") && *texture == Some("striped"))
        .map(|(_, id)| id)
        .collect()
}

#[test]
fn scores_are_those_of_each_neurons_contribution() {
    let mut session = Session::open(&shell::demo().store).expect("the demo");
    let ids = striped(&session);
    assert!(ids.len() > 20 && ids.len() < 500, "{}", ids.len());
    let encoder = TextEncoder::open(&demo_model("clip")).expect("a text tower");
    let q = encoder
        .embed(&[TEXT.to_owned()], &Cancel::default())
        .expect("an embedding");
    let q: Vec<f64> = q[0].iter().map(|v| f64::from(*v)).collect();
    // a plain ViT, whose neurons reach the representation on one path, and a Swin's first layer, on many
    for (model, layer) in [("dinov2", 5), ("swin", 0)] {
        let dense = dense(&session, model, layer, 6, &ids);
        let total: Vec<f64> = dense.totals.iter().map(|t| dot(t, &q)).collect();
        for score in ["correlation", "variance"] {
            let answer = session
                .ask(&format!(
                    "rank neurons {layer}.0 to {layer}.5 for \"{TEXT}\" in {model} on scenes where texture = \"striped\" by {score} template none"
                ))
                .expect("a ranking");
            assert_eq!(answer.frame.height(), 6);
            let units = answer
                .frame
                .column("unit")
                .and_then(|c| c.str().cloned())
                .expect("units");
            let scores = answer
                .frame
                .column("score")
                .and_then(|c| c.f64().cloned())
                .expect("scores");
            let found: HashMap<String, f64> = units
                .iter()
                .flatten()
                .map(str::to_owned)
                .zip(scores.iter().flatten())
                .collect();
            for (neuron, own) in dense.neurons.iter().enumerate() {
                let along: Vec<f64> = own.iter().map(|c| dot(c, &q)).collect();
                let expected = match score {
                    "correlation" => {
                        covariance(&along, &total)
                            / (covariance(&along, &along) * covariance(&total, &total)).sqrt()
                    }
                    _ => {
                        let whole: f64 = (0..q.len())
                            .map(|k| {
                                let coordinate: Vec<f64> = own.iter().map(|c| c[k]).collect();
                                covariance(&coordinate, &coordinate)
                            })
                            .sum();
                        covariance(&along, &along) / whole
                    }
                };
                let found = found[&format!("neuron {layer}.{neuron}")];
                assert!(
                    (found - expected).abs() < 1e-4,
                    "{model} {score} neuron {neuron}: {found} {expected}"
                );
            }
        }
    }
}

#[test]
fn rankings_of_neurons_say_what_they_rest_on() {
    let mut session = Session::open(&shell::demo().store).expect("the demo");
    let statement = "rank neurons 5.0 to 5.9, neurons 4.3 for texture, color in dinov2 limit 4";
    let answer = session.ask(statement).expect("a ranking");
    assert_eq!(answer.frame.height(), 4);
    assert!(
        answer
            .notes
            .iter()
            .any(|note| note.contains("500 of 800 images")),
        "{:?}",
        answer.notes
    );
    for (statement, part) in [
        (
            "rank neurons 5.0, heads for texture in dinov2",
            "can't be ranked together",
        ),
        (
            "rank neurons 5.0 for texture in dinov2 by spearman",
            "spearman",
        ),
        (
            "rank neurons 5.0 for texture in dinov2 with stability",
            "how steady",
        ),
        ("rank neurons 5.99999 for texture in dinov2", "neuron"),
    ] {
        let error = session.ask(statement).expect_err("a refusal");
        let said = &error.diagnosis.message;
        assert!(said.contains(part), "{statement}: {said}");
    }
}
