//! Texts become the vectors that transformers' CLIP makes of them.

use std::path::Path;

use vitscope::text::TextEncoder;
use vitscope::work::cancel::Cancel;

use crate::support::{copy_of, demo_model, difference, fixtures, golden, replace};

/// The golden texts.
fn lines() -> Vec<String> {
    let bytes = golden()["text/lines"].to_vec1::<u8>().expect("bytes");
    serde_json::from_slice(&bytes).expect("a list of texts")
}

/// The largest difference from the golden vectors called `name`.
fn missed(folder: &Path, name: &str) -> f32 {
    let encoder = TextEncoder::open(folder).expect("a readable CLIP");
    let found = encoder
        .embed(&lines(), &Cancel::default())
        .expect("vectors")
        .concat();
    let expected = golden()[&format!("text/{name}")].flatten_all();
    difference(
        &found,
        &expected
            .and_then(|flat| flat.to_vec1::<f32>())
            .expect("numbers"),
    )
}

#[test]
fn texts_are_embedded_as_transformers_does() {
    let folder = fixtures().join("clip");
    let quick = missed(&folder, "quick_gelu");
    assert!(quick < 2e-6, "{quick}");
    let exact = copy_of(&folder);
    replace(&exact.path().join("config.json"), "quick_gelu", "gelu");
    let gelu = missed(exact.path(), "gelu");
    assert!(gelu < 2e-6, "{gelu}");
    assert!(
        missed(&folder, "gelu") > 1e-3,
        "the nonlinearity makes a difference"
    );
}

#[test]
fn old_configs_with_the_wrong_end_token_read_the_largest() {
    let folder = copy_of(&fixtures().join("clip"));
    replace(
        &folder.path().join("config.json"),
        "\"eos_token_id\": 1",
        "\"eos_token_id\": 2",
    );
    let legacy = missed(folder.path(), "legacy");
    assert!(legacy < 2e-6, "{legacy}");
    assert!(
        missed(folder.path(), "quick_gelu") > 1e-3,
        "the rules differ"
    );
}

#[test]
fn the_general_tower_agrees_with_candles() {
    let folder = copy_of(&fixtures().join("clip"));
    // another eps, too small to matter, takes the tower written here
    replace(&folder.path().join("config.json"), "1e-05", "1.0000001e-05");
    let found = missed(folder.path(), "quick_gelu");
    assert!(found < 2e-6, "{found}");
}

#[test]
fn templates_are_averaged_on_the_sphere() {
    let encoder = TextEncoder::open(&demo_model("clip")).expect("a readable CLIP");
    let cancel = Cancel::default();
    let texts = ["owl".to_owned(), "red boat".to_owned()];
    let templates = [
        "a photo of a {}.".to_owned(),
        "{}".to_owned(),
        "{} and {}".to_owned(),
    ];
    let found = encoder
        .embed_with_templates(&texts, &templates, &cancel)
        .expect("vectors");
    for (text, found) in texts.iter().zip(found) {
        let filled = [
            format!("a photo of a {text}."),
            text.clone(),
            format!("{text} and {text}"),
        ];
        let parts = encoder.embed(&filled, &cancel).expect("vectors");
        let sum: Vec<f32> = (0..found.len())
            .map(|at| parts.iter().map(|part| part[at]).sum())
            .collect();
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
        let expected: Vec<f32> = sum.iter().map(|value| value / length).collect();
        assert!(difference(&found, &expected) < 1e-6);
    }
    let alone = encoder
        .embed_with_templates(&texts, &[], &cancel)
        .expect("vectors");
    assert_eq!(alone, encoder.embed(&texts, &cancel).expect("vectors"));
    let wrong = encoder.embed_with_templates(&texts, &["a photo".to_owned()], &cancel);
    assert_eq!(
        wrong.expect_err("no blank").to_string(),
        "the template “a photo” has no {} for the text to fill"
    );
}

#[test]
fn long_texts_are_known_to_be_cut() {
    let encoder = TextEncoder::open(&demo_model("clip")).expect("a readable CLIP");
    assert!(!encoder.cuts("a red owl on the beach"));
    assert!(encoder.cuts(&"sky ".repeat(40)));
}

#[test]
fn embedding_stops_when_asked_to() {
    let encoder = TextEncoder::open(&fixtures().join("clip")).expect("a readable CLIP");
    let cancel = Cancel::default();
    cancel.request();
    let stopped = encoder.embed(&["owl".to_owned()], &cancel);
    assert_eq!(stopped.expect_err("a stop").to_string(), "cancelled");
}

#[test]
fn checkpoints_without_texts_say_so() {
    let complaint = |folder: &Path| {
        TextEncoder::open(folder)
            .err()
            .expect("no text side")
            .to_string()
    };
    assert!(complaint(&fixtures().join("vit")).contains("is a vit and reads no texts"));
    assert!(
        complaint(&demo_model("deit")).contains("is a deit_tiny_patch16_224 and reads no texts")
    );
    let folder = copy_of(&fixtures().join("clip"));
    std::fs::remove_file(folder.path().join("tokenizer.json")).expect("a file");
    assert!(complaint(folder.path()).contains("tokenizer.json: the file is missing"));
    let folder = copy_of(&fixtures().join("clip"));
    replace(
        &folder.path().join("config.json"),
        "\"vocab_size\": 481",
        "\"vocab_size\": 500",
    );
    assert!(complaint(folder.path()).contains(
        "1 tensor has another shape: text_model.embeddings.token_embedding.weight is [481, 16], expected [500, 16]"
    ));
}
