//! Representations are those of timm, transformers and open_clip.

use candle_core::{Device, Tensor};
use serde_json::json;
use vitscope::decompose::{Decomposer, Linear, Model, Trace};
use vitscope::kernels::Numbers;
use vitscope::store::read_image;
use vitscope::text::TextEncoder;
use vitscope::vision::Vit;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config::{Pool, VitConfig};
use vitscope::work::cancel::Cancel;

use crate::support::models::{config, expected, model, numbers, parameters, weights};
use crate::support::{cosine, demo_model, difference, hashed, shared, tensors};

/// Fails unless the golden model `name`, read as `config` has it, represents the first `images` as the library does.
fn holds(name: &str, config: &VitConfig, key: &str, images: usize) {
    represents(&model(name, config), name, key, images);
}

/// Fails unless `model` gives what the golden file of `name` holds under `key`.
fn represents(model: &Vit, name: &str, key: &str, images: usize) {
    let (height, width) = model.image_size();
    let pixels = hashed::input(images, height, width);
    let mut trace = Trace::off(model.reads());
    let found = model.forward(&pixels, &mut trace).expect("representations");
    close(
        &format!("{name}, {key}"),
        &found
            .value()
            .expect("[B, 1, Dz]")
            .squeeze(1)
            .expect("[B, Dz]"),
        &expected(name)[key].narrow(0, 0, images).expect("[B, Dz]"),
    );
}

/// Fails unless the rows of both are the same vectors, as near as f32 comes to f64.
fn close(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let width = found.dims()[1];
    let (found, expected) = (numbers(found), numbers(expected));
    let rows = found.chunks(width).zip(expected.chunks(width));
    for (row, (found, expected)) in rows.enumerate() {
        let (off, cosine) = (difference(found, expected), cosine(found, expected));
        println!(
            "{what}, row {row}: off by {off:.1e}, cosine 1 - {:.1e}",
            1.0 - cosine
        );
        assert!(off <= 1e-4, "{what}, row {row}: off by {off}");
        assert!(cosine >= 0.999_999, "{what}, row {row}: cosine {cosine}");
    }
}

#[test]
fn timm_base_models_are_timms() {
    holds("vit_b16", &config("vit_b16"), "features", 2);
    holds("deit_b16", &config("deit_b16"), "features", 1);
}

#[test]
fn a_distilled_deit_reads_both_tokens_or_the_class_token_alone() {
    let name = "deit_b16_distilled";
    let mut config = config(name);
    assert_eq!(config.pool, Pool::TokenPair);
    let weights = weights(name, &config);
    let both = Vit::new(config.clone(), weights.clone(), Numbers::F32).expect("a model");
    represents(&both, name, "features_mean", 1);
    config.pool = Pool::Token;
    let class = Vit::new(config, weights, Numbers::F32).expect("a model");
    represents(&class, name, "features", 1);
}

#[test]
fn dinov2_is_timms_at_its_own_size_and_resampled() {
    for name in ["dinov2_b14", "dinov2_b14_reg4"] {
        let mut config = config(name);
        holds(name, &config, "features", 1);
        config.image = (224, 224);
        holds(name, &config, "features_224", 1);
    }
}

#[test]
fn mean_pooled_models_are_timms_with_either_order_of_norm_and_pool() {
    for name in ["vit_avg", "vit_avg_norm_first"] {
        holds(name, &config(name), "features", 2);
    }
}

#[test]
fn timms_clip_towers_are_timms() {
    for name in ["timm_clip_b16_quickgelu", "timm_clip_b32"] {
        holds(name, &config(name), "features", 1);
    }
}

#[test]
fn timms_clip_heads_bring_the_class_token_to_the_embedding() {
    for name in ["timm_clip_b16_quickgelu", "timm_clip_b32"] {
        let config = config(name);
        let weights = weights(name, &config);
        let head = weights
            .head
            .clone()
            .expect("CLIP's projection, as timm calls it");
        let features = expected(name)["features"].clone();
        let features = features
            .narrow(0, 0, 1)
            .and_then(|z| z.unsqueeze(0))
            .expect("[1, B, D]");
        let found = Linear::new(&head.weight, head.bias)
            .and_then(|head| head.forward(&features)?.squeeze(0))
            .expect("[B, K]");
        let length = found
            .sqr()
            .and_then(|squares| squares.sum_all()?.sqrt())
            .expect("a length");
        let found = found
            .broadcast_div(&length)
            .expect("an embedding of length 1");
        let golden = expected(name)["embedding"].narrow(0, 0, 1).expect("[B, K]");
        close(&format!("{name}, embedding"), &found, &golden);
    }
}

#[test]
fn clip_image_embeddings_are_those_of_transformers() {
    for (name, images) in [
        ("clip_b16", 2),
        ("clip_b32_gelu", 1),
        ("clip_l14_shallow", 1),
    ] {
        holds(name, &config(name), "features", images);
    }
}

#[test]
fn small_models_are_those_of_transformers() {
    for name in ["hf_vit", "hf_deit", "hf_dinov2", "hf_dinov2_registers"] {
        holds(name, &config(name), "features", 1);
    }
}

/// A tokenizer whose token `n` is the word `tn`, and which sets texts between the last two of `vocabulary` tokens.
fn numbered_words(vocabulary: u32) -> serde_json::Value {
    let (start, end) = (vocabulary - 2, vocabulary - 1);
    let words = (0..vocabulary).map(|id| (format!("t{id}"), json!(id)));
    let mark = |id: u32| json!({"id": format!("t{id}"), "ids": [id], "tokens": [format!("t{id}")]});
    let special = |id: u32| json!({"SpecialToken": {"id": format!("t{id}"), "type_id": 0}});
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special(start), {"Sequence": {"id": "A", "type_id": 0}}, special(end)],
            "pair": [special(start), {"Sequence": {"id": "A", "type_id": 0}}, special(end)],
            "special_tokens": {format!("t{start}"): mark(start), format!("t{end}"): mark(end)},
        },
        "decoder": null,
        "model": {
            "type": "WordLevel",
            "vocab": words.collect::<serde_json::Map<_, _>>(),
            "unk_token": "t0",
        },
    })
}

#[test]
fn clip_text_embeddings_are_those_of_transformers() {
    for name in ["clip_b16", "clip_b32_gelu", "clip_l14_shallow"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text_side =
            |name: &str| name.starts_with("text_model.") || name == "text_projection.weight";
        let weights = parameters(name, text_side);
        candle_core::safetensors::save(&weights, folder.path().join("model.safetensors"))
            .expect("a writable file");
        let config = shared("models").join(name).join("config.json");
        std::fs::copy(config, folder.path().join("config.json")).expect("a copy");
        let tokenizer = numbered_words(1000).to_string();
        std::fs::write(folder.path().join("tokenizer.json"), tokenizer).expect("a writable file");

        let golden = expected(name);
        let texts: Vec<String> = golden["text_ids"]
            .to_vec2::<i32>()
            .expect("token numbers")
            .iter()
            .map(|ids| {
                let words = ids[1..].iter().take_while(|id| **id != 999);
                words.map(|id| format!("t{id} ")).collect()
            })
            .collect();
        let encoder = TextEncoder::open(folder.path()).expect("a readable CLIP");
        let found = encoder
            .embed(&texts, &Cancel::default())
            .expect("text embeddings");
        let found = Tensor::new(found, &Device::Cpu).expect("[texts, K]");
        close(&format!("{name}, texts"), &found, &golden["text_embeds"]);
    }
}

#[test]
fn pictures_become_the_representations_of_the_demo_models() {
    for name in ["deit", "clip", "dinov2"] {
        let checkpoint = Checkpoint::open(&demo_model(name)).expect("a readable checkpoint");
        let decomposer = Decomposer::new(checkpoint.model().expect("a model")).expect("maps");
        let expected = &tensors(&shared("demo").join(format!("{name}.safetensors")))["features"];
        let (height, width) = checkpoint.preprocess.output().expect("a fixed size");
        for scene in 0..4 {
            let path = shared("demo").join(format!("scene-{scene}.png"));
            let picture = read_image(&path).expect("a readable picture");
            let pixels = checkpoint.preprocess.apply(&picture);
            let pixels = Tensor::from_vec(pixels, (1, 3, height, width), &Device::Cpu);
            let found = decomposer
                .represent(&pixels.expect("normalised pixels"))
                .expect("a representation");
            let expected = expected.get(scene).expect("a row");
            let cosine = cosine(&numbers(&found), &numbers(&expected));
            println!("{name}, scene {scene}: cosine 1 - {:.1e}", 1.0 - cosine);
            assert!(cosine >= 0.9999, "{name}, scene {scene}: cosine {cosine}");
        }
    }
}
