//! `decompose … forward bf16`: linear layers multiply bf16, contributions sum to the representation as exactly as in f32, and
//! whoever asks about them is told.

use candle_core::{Device, Tensor};
use vitscope::decompose::{Decomposer, EXACT, Identities};
use vitscope::kernels::Numbers;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config;
use vitscope::vision::weights::Weights;

use crate::last_layers::{distance, parts, session};
use crate::place::strings;
use crate::support::models::{expected, parameters};
use crate::support::{demo_model, hashed, shared};

/// How far representations of a bf16 pass may be from those in f32, relative to their length: bf16 has 8 bits, so that each
/// number is off by 2⁻⁹ at most, and errors of many layers add up at random.
const NEAR: f64 = 2e-2;

fn rows(tensor: &Tensor) -> Vec<Vec<f64>> {
    let rows = tensor.to_vec2::<f32>().expect("rows").into_iter();
    rows.map(|row| row.into_iter().map(f64::from).collect())
        .collect()
}

/// Fails unless `rounding` represents `pixels` nearly as `truth` `[B, Dz]` says, but not as f32 would.
fn is_near(name: &str, rounding: &Decomposer, pixels: &Tensor, truth: &Tensor) {
    let found = rounding.represent(pixels).expect("representations");
    for (found, truth) in rows(&found).iter().zip(rows(truth)) {
        let off = distance(found, &truth) / distance(&truth, &vec![0.0; truth.len()]);
        println!("{name}: off by {off:.1e}");
        assert!(off > 1e-4, "{name}: off by {off}, which is f32's");
        assert!(off < NEAR, "{name}: off by {off}");
    }
}

#[test]
fn contributions_sum_to_the_representation_of_the_pass_that_they_are_of() {
    for name in ["deit", "clip", "dino", "dinov2", "swin", "maxvit"] {
        let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
        let (height, width) = checkpoint.preprocess.output().expect("a fixed size");
        let pixels = (0..4).flat_map(|scene| {
            let path = shared("demo").join(format!("scene-{scene}.png"));
            checkpoint
                .preprocess
                .apply(&image::open(path).expect("a picture").to_rgb8())
        });
        let pixels = Tensor::from_vec(pixels.collect(), (4, 3, height, width), &Device::Cpu);
        let pixels = pixels.expect("pixels");
        let [exact, rounding] = [Numbers::F32, Numbers::Bf16].map(|numbers| {
            let model = checkpoint.model_multiplying(numbers);
            Decomposer::new(model.expect("weights that fit")).expect("maps")
        });
        is_near(
            name,
            &rounding,
            &pixels,
            &exact.represent(&pixels).expect("z"),
        );
        let mut identities = Identities::default();
        identities.check(&rounding, &pixels).expect("sums");
        for identity in identities.each() {
            let (parts, worst) = (identity.parts, identity.worst);
            println!("{name}: {parts} off by {worst:.1e}");
            // What a head takes from each token is not what its output projection rounds.
            let bound = if parts == "tokens" { NEAR } else { EXACT };
            assert!(worst <= bound, "{name}: {parts} off by {worst}");
        }
        let mut identities = Identities::default();
        let checked = identities.check_rounding(&rounding, &exact, &pixels);
        checked.expect("sums");
        assert!(identities.worst() <= EXACT, "{name}: {identities:?}");
    }
}

#[test]
fn representations_of_base_models_are_near_those_of_other_libraries() {
    for name in ["vit_b16", "clip_b16", "swin_b", "maxvit_s"] {
        let config = config::read(&shared("models").join(name), None).expect("a config");
        let tensors = parameters(name, |name| !name.starts_with("text_model."));
        let model = config.model(Weights::from_tensors(tensors), Numbers::Bf16);
        let decomposer = Decomposer::new(model.expect("weights that fit")).expect("maps");
        let (height, width) = decomposer.image_size();
        let pixels = hashed::input(1, height, width);
        let truth = expected(name)["features"].narrow(0, 0, 1).expect("a row");
        is_near(name, &decomposer, &pixels, &truth);
        let ids = vec![0];
        let found = decomposer.rows(&pixels, ids).expect("rows");
        let mut sum = vec![0.0; found.z.len()];
        for (slab, map) in found.slabs.iter().zip(decomposer.maps()) {
            let row = Tensor::from_slice(slab, (1, slab.len()), &Device::Cpu).expect("a row");
            let part = &rows(&row.matmul(map).expect("a product"))[0];
            sum.iter_mut()
                .zip(part)
                .for_each(|(sum, part)| *sum += part);
        }
        let z: Vec<f64> = found.z.iter().map(|z| f64::from(*z)).collect();
        let off = distance(&sum, &z) / distance(&z, &vec![0.0; z.len()]);
        assert!(off <= EXACT, "{name}: contributions miss z by {off}");
    }
}

#[test]
fn answers_say_what_the_forward_pass_multiplied() {
    let (store, photos) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let mut session = session("dinov2", store.path(), photos.path());
    let mut ask = |statement: &str| session.ask(statement).expect("an answer");
    let label = "m: contributions of a forward pass in bf16";
    let labelled = |notes: &[String]| notes.iter().any(|note| note.starts_with(label));
    let (question, plain) = (
        "contributions of heads in m on four",
        "decompose four with m",
    );
    let rounding = "decompose four with m forward bf16";

    assert!(!labelled(&ask(plain).notes));
    assert!(!labelled(&ask(question).notes));
    let answer = ask(rounding);
    let anew = "what the forward pass multiplies changed";
    assert!(
        answer.notes.iter().any(|note| note.contains(anew)),
        "{:?}",
        answer.notes
    );
    assert!(labelled(&answer.notes));
    assert!(ask(rounding).cached, "it is there");
    assert!(labelled(&ask(question).notes));
    let answer = ask("check m on four");
    assert!(labelled(&answer.notes), "{:?}", answer.notes);
    assert!(
        answer.notes[0].starts_with("m adds up"),
        "{:?}",
        answer.notes
    );
    for (statement, column, said) in [
        ("show models", "decomposed on", "four (bf16)"),
        ("describe m", "value", "0 skipped, forward pass in bf16"),
    ] {
        let found = strings(&ask(statement).frame, column);
        let mut found = found.iter().flatten();
        assert!(found.any(|text| text.ends_with(said)), "{statement}");
    }
    let plan = |answer: vitscope::interface::answer::Answer| answer.notes.join("\n");
    assert!(plan(ask(&format!("explain {rounding}"))).contains("everything is stored"));
    assert!(plan(ask(&format!("explain {plain}"))).contains("4 forward passes (0 images"));
    assert!(plan(ask(&format!("explain {question}"))).contains(label));

    let (components, z) = parts(&session);
    for (image, z) in z.iter().enumerate() {
        let mut sum = vec![0.0; z.len()];
        for (_, own) in &components {
            sum.iter_mut().zip(&own[image]).for_each(|(s, v)| *s += v);
        }
        let off = distance(&sum, z) / distance(z, &vec![0.0; z.len()]);
        assert!(off <= EXACT, "stored contributions miss z by {off}");
    }
    let refused = session.ask("decompose four with m forward f16");
    let refused = refused.expect_err("not on a CPU").to_string();
    assert!(refused.contains("does not multiply f16"), "{refused}");
}
