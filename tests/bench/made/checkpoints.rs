//! Checkpoint folders with parameters from the formula: their forward passes cost what real ones cost, and mean nothing.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::Tensor;
use serde_json::{Value, json};

use crate::hashed;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

fn write(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).expect("writable");
}

/// The demo's CLIP and DeiT.
pub fn of_demo() -> (PathBuf, PathBuf) {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo/models");
    (models.join("clip"), models.join("deit"))
}

/// A CLIP ViT-B/16 and a ViT-B/16, written into `folder` unless they are there.
pub fn base(folder: &Path) -> (PathBuf, PathBuf) {
    let (clip, vit) = (folder.join("models/clip"), folder.join("models/vit"));
    let golden = fixtures().join("models");
    if !vit.join("model.safetensors").is_file() {
        fs::create_dir_all(&vit).expect("a folder");
        write(
            &vit.join("config.json"),
            &read(&golden.join("vit_b16/config.json")),
        );
        save(&vit, hashed::filled(&golden.join("vit_b16")).collect());
    }
    if !clip.join("model.safetensors").is_file() {
        fs::create_dir_all(&clip).expect("a folder");
        write_clip(&clip, &golden.join("clip_b16"));
    }
    (clip, vit)
}

/// The golden CLIP, with the tokenizer of a tiny one and room for its longer texts.
fn write_clip(folder: &Path, golden: &Path) {
    const CONTEXT: usize = 77;
    let tiny = fixtures().join("input/clip");
    fs::copy(tiny.join("tokenizer.json"), folder.join("tokenizer.json")).expect("a copy");
    let mut prepared = read(&tiny.join("preprocessor_config.json"));
    prepared["crop_size"] = json!({"height": 224, "width": 224});
    prepared["size"] = json!({"shortest_edge": 224});
    write(&folder.join("preprocessor_config.json"), &prepared);
    let mut config = read(&golden.join("config.json"));
    let text = &mut config["text_config"];
    for (name, value) in [
        ("bos_token_id", 0),
        ("eos_token_id", 1),
        ("pad_token_id", 1),
        ("max_position_embeddings", CONTEXT),
    ] {
        text[name] = json!(value);
    }
    write(&folder.join("config.json"), &config);
    let tensors = hashed::listed(golden).into_iter().map(|(name, mut shape)| {
        if name == "text_model.embeddings.position_embedding.weight" {
            shape[0] = CONTEXT;
        }
        let values = hashed::tensor(&name, &shape);
        (name, values)
    });
    save(folder, tensors.collect());
}

fn save(folder: &Path, tensors: HashMap<String, Tensor>) {
    let path = folder.join("model.safetensors");
    candle_core::safetensors::save(&tensors, path).expect("writable");
}
