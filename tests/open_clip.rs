//! open_clip's folders are read as open_clip reads them: images, texts, preprocessing.

use std::path::Path;

use candle_core::{Device, Tensor};
use image::RgbImage;
use serde_json::json;
use tempfile::TempDir;
use vitscope::text::TextEncoder;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config::{self, Dialect};
use vitscope::vision::preprocess::Preprocess;
use vitscope::work::cancel::Cancel;

use crate::checkpoints::{load, vit};
use crate::support::{
    copy_of, difference, fixtures, golden, hashed, naive, replace, shared, tensors,
};

/// The golden model with its weights filled in, and a tokenizer whose words are token numbers.
fn filled() -> TempDir {
    let source = shared("models/open_clip_small");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copied = |name: &str| {
        std::fs::copy(source.join(name), folder.path().join(name)).expect("a copy");
    };
    copied("open_clip_config.json");
    let tensors: std::collections::HashMap<String, Tensor> = hashed::filled(&source).collect();
    candle_core::safetensors::save(&tensors, folder.path().join("open_clip_model.safetensors"))
        .expect("a writable file");
    std::fs::write(folder.path().join("tokenizer.json"), numbers_as_words())
        .expect("a writable file");
    folder
}

/// A tokenizer that reads `5 36 67` as these numbers, between start (598) and end (599).
fn numbers_as_words() -> String {
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        (0..600).map(|id| (id.to_string(), id.into())).collect();
    let special = |id: &str| json!({ "SpecialToken": { "id": id, "type_id": 0 } });
    let known = |id: u32| json!({ "id": id.to_string(), "ids": [id], "tokens": [id.to_string()] });
    json!({
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": { "type": "WhitespaceSplit" },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special("598"), { "Sequence": { "id": "A", "type_id": 0 } }, special("599")],
            "pair": [{ "Sequence": { "id": "A", "type_id": 0 } }, { "Sequence": { "id": "B", "type_id": 0 } }],
            "special_tokens": { "598": known(598), "599": known(599) }
        },
        "model": { "type": "WordLevel", "vocab": vocabulary, "unk_token": "0" }
    })
    .to_string()
}

fn expected(name: &str) -> Vec<f32> {
    let golden = tensors(&shared("models/open_clip_small/features.safetensors"));
    let flat = golden[name]
        .flatten_all()
        .and_then(|flat| flat.to_vec1::<f32>());
    flat.expect("numbers")
}

#[test]
fn images_are_embedded_as_open_clip_does() {
    let folder = filled();
    let config = vit(folder.path());
    assert_eq!(
        (config.dialect, config.heads, config.eps),
        (Dialect::OpenClip, 3, 1e-5)
    );
    let weights = load(folder.path(), &config);
    let input = hashed::input(1, 64, 64)
        .flatten_all()
        .and_then(|flat| flat.to_vec1::<f32>());
    let found = naive::represent(&config, &weights, &input.expect("numbers"));
    let found: Vec<f32> = found.into_iter().map(|value| value as f32).collect();
    let found = difference(&found, &expected("features"));
    assert!(found < 2e-6, "{found}");
    let checkpoint = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    assert_eq!(checkpoint.warnings, [""; 0]);
    checkpoint.model().expect("a model");
}

#[test]
fn texts_are_embedded_as_open_clip_does() {
    let folder = filled();
    let ids = tensors(&shared("models/open_clip_small/features.safetensors"))["text_ids"]
        .to_dtype(candle_core::DType::U32)
        .and_then(|ids| ids.to_vec2::<u32>())
        .expect("numbers");
    let text = |row: &Vec<u32>| {
        let words = row.iter().filter(|id| **id < 598).map(u32::to_string);
        words.collect::<Vec<_>>().join(" ")
    };
    let texts: Vec<String> = ids.iter().map(text).collect();
    let encoder = TextEncoder::open(folder.path()).expect("a readable text side");
    let found = encoder
        .embed(&texts, &Cancel::default())
        .expect("vectors")
        .concat();
    let off = difference(&found, &expected("text_embeds"));
    assert!(off < 2e-6, "{off}");
    // the switch changes both towers
    let path = folder.path().join("open_clip_config.json");
    replace(
        &path,
        "\"embed_dim\": 128,",
        "\"embed_dim\": 128, \"quick_gelu\": true,",
    );
    let encoder = TextEncoder::open(folder.path()).expect("a readable text side");
    let quick = encoder
        .embed(&texts, &Cancel::default())
        .expect("vectors")
        .concat();
    assert!(difference(&quick, &found) > 1e-4);
    assert_eq!(vit(folder.path()).activation, config::Activation::QuickGelu);
}

#[test]
fn a_text_side_apart_is_found() {
    let folder = filled();
    let path = folder.path().join("open_clip_model.safetensors");
    let tensors = candle_core::safetensors::load(&path, &Device::Cpu).expect("readable tensors");
    let apart = tensors.into_iter().map(|(name, tensor)| {
        let stays = name.starts_with("visual.") || name == "logit_scale";
        (if stays { name } else { format!("text.{name}") }, tensor)
    });
    candle_core::safetensors::save(&apart.collect(), &path).expect("a writable file");
    TextEncoder::open(folder.path()).expect("a readable text side");
    load(folder.path(), &vit(folder.path()));
}

#[test]
fn pictures_enter_as_through_open_clips_transform() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let golden = golden();
    let picture = |name: &str| {
        let tensor = &golden[&format!("image/{name}")];
        let (height, width, _) = tensor.dims3().expect("an image");
        let bytes = tensor
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<u8>())
            .expect("bytes");
        RgbImage::from_raw(width as u32, height as u32, bytes).expect("as many bytes")
    };
    let options = [
        ("shortest", json!({})),
        (
            "longest",
            json!({ "resize_mode": "longest", "fill_color": 127 }),
        ),
        (
            "squash",
            json!({ "resize_mode": "squash", "interpolation": "bilinear" }),
        ),
    ];
    let pixels = tensors(&shared("open_clip/pixels.safetensors"));
    for (mode, preprocess) in options {
        let config = json!({ "preprocess_cfg": preprocess }).to_string();
        std::fs::write(folder.path().join("open_clip_config.json"), config)
            .expect("a writable file");
        let preprocess =
            Preprocess::from_open_clip(folder.path(), (24, 24)).expect("a readable config");
        for name in ["tall", "wide"] {
            let expected = pixels[&format!("{mode}/{name}")].flatten_all();
            let expected = expected
                .and_then(|flat| flat.to_vec1::<f32>())
                .expect("numbers");
            let off = difference(&preprocess.apply(&picture(name)), &expected);
            assert!(off < 1e-6, "{mode}/{name}: {off}");
        }
    }
}

#[test]
fn a_folder_that_is_both_is_read_as_the_one_that_is_complete() {
    let folder = filled();
    let clip = copy_of(&fixtures().join("clip"));
    for name in ["config.json", "preprocessor_config.json"] {
        std::fs::copy(clip.path().join(name), folder.path().join(name)).expect("a copy");
    }
    let dialect = |folder: &Path| vit(folder).dialect;
    assert_eq!(dialect(folder.path()), Dialect::OpenClip);
    let weights = "model.safetensors";
    std::fs::copy(clip.path().join(weights), folder.path().join(weights)).expect("a copy");
    assert_eq!(dialect(folder.path()), Dialect::HfClip);
    let checkpoint = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    checkpoint
        .model()
        .expect("transformers' weights go with its config");
}

#[test]
fn other_towers_are_refused_by_name() {
    let folder = filled();
    let path = folder.path().join("open_clip_config.json");
    let original = std::fs::read_to_string(&path).expect("a config");
    let images = [
        (
            "\"timm_model_name\": \"vit_base_patch16_siglip_224\"",
            "vit_base_patch16_siglip_224 is not an architecture",
        ),
        (
            "\"attentional_pool\": true",
            "vision_cfg.attentional_pool = true changes the tower",
        ),
        (
            "\"pool_type\": \"none\"",
            "vision_cfg.pool_type = none is not read; tok or avg would be",
        ),
        ("\"image_size\": 60", "don't tile an image of 60 × 60"),
    ];
    for (field, message) in images {
        replace(&path, "\"image_size\": 64", field);
        let error = Checkpoint::open(folder.path())
            .expect_err(field)
            .to_string();
        assert!(error.contains(message), "{error}");
        std::fs::write(&path, &original).expect("a writable file");
    }
    replace(
        &path,
        "\"context_length\": 16",
        "\"hf_model_name\": \"roberta-base\"",
    );
    config::read(folder.path(), None).expect("its images are read");
    let error = TextEncoder::open(folder.path())
        .err()
        .expect("another text tower")
        .to_string();
    assert!(
        error.contains("text_cfg.hf_model_name = \"roberta-base\" changes the tower"),
        "{error}"
    );
    std::fs::write(&path, &original).expect("a writable file");
    std::fs::remove_file(folder.path().join("tokenizer.json")).expect("a file");
    let error = TextEncoder::open(folder.path())
        .err()
        .expect("no tokenizer")
        .to_string();
    assert!(
        error.contains("tokenizer.json: the file is missing")
            && error.contains("openai/clip-vit-base-patch32"),
        "{error}"
    );
}

#[test]
fn missing_tensors_go_by_open_clips_names() {
    let folder = filled();
    let path = folder.path().join("open_clip_model.safetensors");
    let mut tensors =
        candle_core::safetensors::load(&path, &Device::Cpu).expect("readable tensors");
    tensors.remove("visual.proj");
    candle_core::safetensors::save(&tensors, &path).expect("a writable file");
    let error = Checkpoint::open(folder.path()).and_then(|checkpoint| checkpoint.model().map(drop));
    assert_eq!(
        error.expect_err("a tensor is missing").to_string(),
        "1 tensor missing: visual.proj; taken for an open_clip model because of open_clip_config.json"
    );
}
