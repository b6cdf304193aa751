//! Swin and MaxViT: representations and contributions are those of other programs, and every part adds up.

use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use vitscope::decompose::{
    Attention, Component, ComponentKind, Decomposer, Groups, Linear, Model, Reads, Rows, Signal,
    TokenTerms, Trace, Windows,
};
use vitscope::kernels::{Numbers, elsewhere};
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config;
use vitscope::vision::weights::Weights;

use crate::support::models::parameters;
use crate::support::{copy_of, demo_model, hashed, replace, shared, tensors};

/// The golden model `name`, its parameters from the formula.
fn golden_model(name: &str) -> Decomposer {
    let weights = Weights::from_tensors(parameters(name, |_| true));
    let config = config::read(&shared("models").join(name), None).expect("a readable config");
    Decomposer::new(
        config
            .model(weights, Numbers::F32)
            .expect("weights that fit"),
    )
    .expect("a sound model")
}

/// The demo checkpoint `name`, and the first four scenes as they enter it.
fn demo(name: &str) -> (Decomposer, Tensor) {
    let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
    let pixels = (0..4).flat_map(|scene| {
        let path = shared("demo").join(format!("scene-{scene}.png"));
        let image = image::open(path).expect("a picture").to_rgb8();
        checkpoint.preprocess.apply(&image)
    });
    let pixels = Tensor::from_vec(pixels.collect(), (4, 3, 64, 64), &Device::Cpu).expect("pixels");
    let model = checkpoint.model().expect("weights that fit");
    (Decomposer::new(model).expect("a sound model"), pixels)
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.to_dtype(DType::F64).and_then(|t| t.flatten_all());
    flat.and_then(|flat| flat.to_vec1()).expect("numbers")
}

fn length(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The length of the difference of two vectors.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    assert_eq!(left.len(), right.len());
    let differences: Vec<f64> = left.iter().zip(right).map(|(l, r)| l - r).collect();
    length(&differences)
}

/// The names of components in the metadata of a golden file.
fn components(path: &Path) -> Vec<Component> {
    let bytes = std::fs::read(path).expect("a golden file");
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("a safetensors file");
    let named = metadata.metadata().as_ref().expect("metadata")["components"].clone();
    named
        .split('|')
        .map(|name| name.parse().expect("a component"))
        .collect()
}

/// Contributions of `component` to image `image`, `[Dz]`.
fn contribution(
    decomposer: &Decomposer,
    rows: &Rows,
    component: Component,
    image: usize,
) -> Vec<f64> {
    let specs = decomposer.specs();
    let place = specs.iter().position(|spec| spec.component == component);
    let place = place.unwrap_or_else(|| panic!("no {component}"));
    let width = specs[place].width;
    let row = &rows.slabs[place][image * width..][..width];
    let row = Tensor::from_slice(row, (1, width), &Device::Cpu).expect("a row");
    numbers(&row.matmul(&decomposer.maps()[place]).expect("a product"))
}

/// The largest deviation from the golden file at `path`, over components and images, relative to the representation.
fn deviation(
    decomposer: &Decomposer,
    pixels: &Tensor,
    path: &Path,
    z: &str,
    channels: usize,
) -> f64 {
    let images = pixels.dim(0).expect("a batch");
    let rows = decomposer.rows(pixels, (0..images as u32).collect());
    let rows = rows.expect("a forward pass");
    let golden = tensors(path);
    let z = numbers(&golden[z]);
    let (dim, names) = (z.len() / images, components(path));
    let width = dim / channels;
    assert_eq!(
        names.len(),
        decomposer.specs().len(),
        "as many components as there are"
    );
    let expected = numbers(&golden["contributions"]);
    let mut worst = 0.0_f64;
    for (c, component) in names.iter().enumerate() {
        for image in 0..images {
            let found = contribution(decomposer, &rows, *component, image);
            let found: Vec<f64> = found.into_iter().step_by(channels).collect();
            let expected = &expected[(c * images + image) * width..][..width];
            let whole = length(&z[image * dim..][..dim]);
            worst = worst.max(distance(&found, expected) / whole);
        }
    }
    for image in 0..images {
        let mut sum = vec![0.0; dim];
        for component in &names {
            let part = contribution(decomposer, &rows, *component, image);
            sum.iter_mut()
                .zip(part)
                .for_each(|(sum, part)| *sum += part);
        }
        let whole: Vec<f64> = rows.z[image * dim..][..dim]
            .iter()
            .map(|z| f64::from(*z))
            .collect();
        let open = distance(&sum, &whole) / length(&whole);
        assert!(open < 1e-5, "components leave {open} of image {image}");
    }
    worst
}

fn same_representation(decomposer: &Decomposer, name: &str, pixels: &Tensor) {
    let path = shared("models").join(name).join("features.safetensors");
    let expected = numbers(&tensors(&path)["features"]);
    let found = numbers(&decomposer.represent(pixels).expect("a forward pass"));
    assert_eq!(found.len(), expected.len());
    let dot: f64 = found.iter().zip(&expected).map(|(f, e)| f * e).sum();
    let cosine = dot / length(&found) / length(&expected);
    let largest = found.iter().zip(&expected).map(|(f, e)| (f - e).abs());
    let largest = largest.fold(0.0, f64::max);
    assert!(
        largest <= 1e-4 && cosine >= 0.999_999,
        "{name}: {largest}, cosine {cosine}"
    );
}

#[test]
fn full_size_models_give_timms_representations_and_contributions() {
    for (name, parts) in [("swin_b", 401), ("maxvit_s", 286)] {
        let decomposer = golden_model(name);
        let pixels = hashed::input(1, 224, 224);
        same_representation(&decomposer, name, &pixels);
        assert_eq!(decomposer.specs().len(), parts + 1, "{name}: and the bias");
        let path = shared("closed").join(format!("{name}_224.safetensors"));
        let found = deviation(&decomposer, &pixels, &path, "z", 4);
        assert!(found <= 1e-5, "{name}: {found}");
    }
}

#[test]
fn a_swin_of_transformers_gives_its_representation() {
    let decomposer = golden_model("hf_swin");
    let batch = tensors(&shared("models/hf_swin/features.safetensors"))["features"].dims()[0];
    same_representation(&decomposer, "hf_swin", &hashed::input(batch, 112, 112));
}

#[test]
fn a_swin_with_the_names_of_memory_is_the_same_model() {
    let in_memory = [
        (".attention.self.query.", ".attention.q_proj."),
        (".attention.self.key.", ".attention.k_proj."),
        (".attention.self.value.", ".attention.v_proj."),
        (".attention.output.dense.", ".attention.o_proj."),
        (
            ".attention.self.relative_position_bias_table",
            ".attention.relative_position_bias.relative_position_bias_table",
        ),
        (".intermediate.dense.", ".mlp.fc1."),
        (".output.dense.", ".mlp.fc2."),
    ];
    let renamed = parameters("hf_swin", |_| true)
        .into_iter()
        .map(|(name, tensor)| {
            let found = in_memory.iter().find(|(disk, _)| name.contains(disk));
            let name = found.map_or(name.clone(), |(disk, memory)| name.replace(disk, memory));
            (format!("swin.{name}"), tensor)
        });
    let config = config::read(&shared("models/hf_swin"), None).expect("a readable config");
    let model = config
        .model(Weights::from_tensors(renamed), Numbers::F32)
        .expect("weights that fit");
    let decomposer = Decomposer::new(model).expect("a sound model");
    let pixels = hashed::input(1, 112, 112);
    same_representation(&decomposer, "hf_swin", &pixels);
}

#[test]
fn demo_checkpoints_contribute_what_float64_says() {
    for name in ["swin", "maxvit"] {
        let found = || {
            let (decomposer, pixels) = demo(name);
            let path = shared("demo").join(format!("{name}.safetensors"));
            deviation(&decomposer, &pixels, &path, "features", 1)
        };
        for found in [found(), elsewhere(found)] {
            assert!(found <= 1e-5, "{name}: {found}");
        }
    }
}

/// What each source token of image 0 adds through a head, `[T, Dz]`.
fn token_map(decomposer: &Decomposer, terms: &TokenTerms, head: usize) -> Vec<Vec<f64>> {
    let component = Component::head(terms.layer, head);
    let place = decomposer
        .specs()
        .iter()
        .position(|spec| spec.component == component);
    let map = &decomposer.maps()[place.expect("a head")];
    let select = |tensor: &Tensor, axis| {
        let image = tensor.get(0).and_then(|t| t.narrow(axis, head, 1));
        image.and_then(|t| t.squeeze(axis)).expect("a head")
    };
    // weights [S, T] and values [T, d] to rows [T, S·d]
    let weights = select(&terms.weights, 1).t().and_then(|w| w.unsqueeze(2));
    let values = select(&terms.values, 0).unsqueeze(1);
    let rows = weights
        .and_then(|w| w.broadcast_mul(&values?))
        .and_then(|rows| rows.flatten_from(1));
    let terms = rows.and_then(|rows| rows.matmul(map)).expect("a product");
    let dim = terms.dim(1).expect("a width");
    numbers(&terms).chunks(dim).map(<[f64]>::to_vec).collect()
}

#[test]
fn source_tokens_of_a_shifted_window_stand_where_they_are_in_the_image() {
    let (decomposer, pixels) = demo("swin");
    let golden = tensors(&shared("demo/swin.safetensors"));
    let expected = numbers(&golden["tokens head 3.1"]);
    let whole = length(&numbers(&golden["features"].get(0).expect("scene 0")));
    let terms = decomposer.tokens(&pixels).expect("a forward pass");
    let found = token_map(&decomposer, &terms[3], 1).concat();
    let found = distance(&found, &expected) / whole;
    assert!(found <= 1e-5, "{found}");
}

#[test]
fn tokens_sum_to_heads_and_neurons_to_mlps() {
    for name in ["swin", "maxvit"] {
        let (decomposer, pixels) = demo(name);
        let rows = decomposer.rows(&pixels, vec![0, 1, 2, 3]).expect("rows");
        let z: Vec<f64> = rows.z.iter().map(|z| f64::from(*z)).collect();
        let whole = length(&z[..z.len() / 4]);
        let close = |parts: &[f64], component: Component| {
            let open = distance(parts, &contribution(&decomposer, &rows, component, 0)) / whole;
            assert!(open < 1e-5, "{name}, {component}: {open}");
        };
        let mut heads = 0;
        for terms in decomposer.tokens(&pixels).expect("a forward pass") {
            for head in 0..terms.values.dim(1).expect("heads") {
                let tokens = token_map(&decomposer, &terms, head);
                let mut sum = vec![0.0; tokens[0].len()];
                for token in &tokens {
                    sum.iter_mut().zip(token).for_each(|(sum, t)| *sum += t);
                }
                close(&sum, Component::head(terms.layer, head));
                heads += 1;
            }
        }
        let specs = decomposer.specs().iter().map(|spec| spec.component.kind);
        let (all_heads, mlps): (Vec<_>, Vec<_>) = specs
            .filter(|kind| matches!(kind, ComponentKind::Head | ComponentKind::Mlp))
            .partition(|kind| *kind == ComponentKind::Head);
        assert_eq!(heads, all_heads.len(), "{name}");
        let neurons = decomposer.neurons(&pixels).expect("a forward pass");
        assert_eq!(neurons.len(), mlps.len(), "{name}");
        for (layer, neurons) in neurons {
            let row = decomposer.neurons_to_row(layer, &neurons).expect("a row");
            let place = decomposer
                .specs()
                .iter()
                .position(|spec| spec.component == Component::mlp(layer));
            let map = &decomposer.maps()[place.expect("an MLP")];
            let sum = row.narrow(0, 0, 1).and_then(|row| row.matmul(map));
            close(&numbers(&sum.expect("a product")), Component::mlp(layer));
        }
    }
}

/// One layer of attention whose scores come from a table alone, read with another weight at every position. So z is
/// linear in the image, and what it loses with a pixel is what that pixel's position adds.
struct OneLayer {
    attention: Attention,
    map: (usize, usize),
}

impl Model for OneLayer {
    fn image_size(&self) -> (usize, usize) {
        self.map
    }

    fn reads(&self) -> Reads {
        Reads::All
    }

    fn forward(&self, pixels: &Tensor, trace: &mut Trace) -> candle_core::Result<Signal> {
        let tokens = pixels.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        let x = trace.embedded(tokens)?;
        let out = trace.attention(&x, &self.attention, 0, false)?;
        let count = self.map.0 * self.map.1;
        let weights: Vec<f32> = (0..count).map(|i| 0.1 + i as f32 * 0.07).collect();
        trace.pool(&out, &weights)
    }
}

#[test]
fn a_changed_position_changes_its_own_token_alone_and_by_what_it_adds() {
    let map = (4, 6);
    let groupings = [
        Windows::shifted(map, (2, 3), (0, 0)),
        Windows::shifted(map, (2, 3), (1, 1)),
        Windows::grid(map, (2, 3)),
    ];
    for windows in groupings {
        let queries_and_keys = Tensor::zeros((6, 3), DType::F32, &Device::Cpu).expect("zeros");
        let values = hashed::tensor("values", &[3, 3]);
        let weight = Tensor::cat(&[queries_and_keys, values], 0).expect("a weight");
        let attention = Attention {
            qkv: Linear::new(&weight, None).expect("a layer"),
            out: Linear::new(&hashed::tensor("out", &[3, 3]), None).expect("a layer"),
            heads: 1,
            groups: Some(
                Groups::new(
                    windows.expect("windows"),
                    &hashed::tensor("bias", &[4, 1, 6, 6]),
                )
                .expect("groups"),
            ),
        };
        let decomposer = Decomposer::new(Arc::new(OneLayer { attention, map })).expect("a model");
        let pixels = hashed::input(1, map.0, map.1);
        let seen = |pixels: &Tensor| {
            let terms = decomposer.tokens(pixels).expect("a forward pass");
            let z = numbers(&decomposer.represent(pixels).expect("a forward pass"));
            (token_map(&decomposer, &terms[0], 0), z)
        };
        let (before, z) = seen(&pixels);
        for position in 0..map.0 * map.1 {
            let mut changed = pixels.flatten_all().and_then(|p| p.to_vec1::<f32>());
            let values = changed.as_mut().expect("pixels");
            for channel in 0..3 {
                values[channel * map.0 * map.1 + position] = 0.0;
            }
            let changed = Tensor::from_slice(values, (1, 3, map.0, map.1), &Device::Cpu);
            let (after, without) = seen(&changed.expect("pixels"));
            for (token, (before, after)) in before.iter().zip(&after).enumerate() {
                let moved = distance(before, after);
                assert_eq!(moved > 1e-7, token == position, "{token} {position}");
            }
            let lost: Vec<f64> = z.iter().zip(&without).map(|(z, w)| z - w).collect();
            assert!(distance(&lost, &before[position]) < 1e-5, "{position}");
        }
    }
}

#[test]
fn what_does_not_fit_is_said_in_one_sentence() {
    let complaint = |name: &str, from: &str, to: &str| {
        let folder = copy_of(&demo_model(name));
        replace(&folder.path().join("config.json"), from, to);
        let model = Checkpoint::open(folder.path()).and_then(|checkpoint| checkpoint.model());
        model.err().expect("a checkpoint with a fault").to_string()
    };
    let cases = [
        (
            "swin",
            r#""img_size": 64"#,
            r#""img_size": 72"#,
            "stage 0 a map of 18 × 18 tokens, which",
        ),
        (
            "swin",
            r#""window_size": 4"#,
            r#""window_size": 2"#,
            "relative_position_bias_table is [49, 2], expected [9, 2]",
        ),
        (
            "swin",
            "swin_tiny_patch4",
            "swin_s3_patch4",
            "not an architecture this version reads",
        ),
        (
            "swin",
            r#""embed_dim": 48"#,
            r#""embed_dim": 40"#,
            "108 tensors have another shape: patch_embed.proj.weight is [48, 3, 4, 4], expected [40, 3",
        ),
        (
            "maxvit",
            r#""img_size": 64"#,
            r#""img_size": 96"#,
            "expected [",
        ),
        (
            "maxvit",
            "maxvit_tiny_tf_224",
            "maxvit_tiny_rw_224",
            "not an architecture this version reads",
        ),
        ("maxvit", r#""M""#, r#""C""#, "M for every stage would be"),
        (
            "maxvit",
            r#""stem_width": 32"#,
            r#""stem_width": 64"#,
            "stages.0.blocks.0.conv.shortcut.expand.weight",
        ),
    ];
    for (name, from, to, expected) in cases {
        let found = complaint(name, from, to);
        assert!(found.contains(expected), "{from} to {to}: {found}");
    }
}
