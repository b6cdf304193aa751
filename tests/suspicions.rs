//! Combinations that may not be meant are said, and those that are usual are not.

use std::path::Path;

use serde_json::json;
use tempfile::TempDir;
use vitscope::vision::checkpoint::Checkpoint;

use crate::support::{copy_of, demo_model, fixtures, replace};

fn warnings(folder: &Path) -> Vec<String> {
    Checkpoint::open(folder)
        .expect("a readable checkpoint")
        .warnings
}

/// The only warning about the checkpoint in `folder`.
fn warning(folder: &Path) -> String {
    let warnings = warnings(folder);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    warnings.into_iter().next().unwrap_or_default()
}

fn clip(from: &str, to: &str) -> TempDir {
    let folder = copy_of(&fixtures().join("clip"));
    replace(&folder.path().join("config.json"), from, to);
    folder
}

/// A timm config alone, of an architecture and a tag.
fn timm(architecture: &str, tag: &str, mean: f64) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = json!({
        "architecture": architecture,
        "pretrained_cfg": { "tag": tag, "mean": [mean, mean, mean], "std": [0.5, 0.5, 0.5] }
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("a writable file");
    folder
}

#[test]
fn usual_checkpoints_are_not_suspicious() {
    for folder in ["clip", "deit", "dinov2"].map(demo_model) {
        assert_eq!(warnings(&folder), [""; 0], "{}", folder.display());
    }
    assert_eq!(warnings(&fixtures().join("clip")), [""; 0]);
    for (architecture, tag) in [
        ("vit_base_patch16_clip_quickgelu_224", "openai"),
        ("vit_base_patch16_clip_224", "laion2b"),
        ("vit_base_patch16_clip_224", "openai_ft_in1k"),
        ("vit_base_patch32_clip_quickgelu_224", "laion400m_e32"),
        ("vit_base_patch16_clip_quickgelu_224", "metaclip_2pt5b"),
    ] {
        assert_eq!(
            warnings(timm(architecture, tag, 0.5).path()),
            [""; 0],
            "{architecture}.{tag}"
        );
    }
}

#[test]
fn a_nonlinearity_that_the_weights_were_not_trained_with_is_named() {
    let openai = warning(timm("vit_base_patch16_clip_224", "openai", 0.5).path());
    assert!(
        openai.contains("seem to be OpenAI's") && openai.contains("_clip_quickgelu_"),
        "{openai}"
    );
    let laion = warning(timm("vit_large_patch14_clip_quickgelu_224", "laion2b_ft", 0.5).path());
    assert!(
        laion.contains("seem to be LAION's") && laion.contains("the exact GELU"),
        "{laion}"
    );
    let folder = clip("quick_gelu", "gelu");
    assert_eq!(
        warnings(folder.path()),
        [""; 0],
        "nothing says whose weights these are"
    );
    let path = folder.path().join("config.json");
    replace(
        &path,
        "\"model_type\": \"clip\"",
        "\"_name_or_path\": \"openai/clip-vit-base-patch16\", \"model_type\": \"clip\"",
    );
    let named = warning(folder.path());
    assert!(
        named.contains("vision_config.hidden_act = quick_gelu"),
        "{named}"
    );
}

#[test]
fn where_the_hub_keeps_it_counts_as_a_name() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let snapshot = root
        .path()
        .join("models--laion--CLIP-ViT-B-16-laion2B-s34B-b88K/snapshots/abc");
    std::fs::create_dir_all(&snapshot).expect("a folder");
    let source = fixtures().join("clip");
    for name in [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ] {
        std::fs::copy(source.join(name), snapshot.join(name)).expect("a copy");
    }
    assert!(warning(&snapshot).contains("vision_config.hidden_act = gelu"));
}

#[test]
fn an_unusual_eps_and_unusual_statistics_are_named() {
    let eps = warning(clip("1e-05", "1e-12").path());
    assert!(
        eps.contains("a LayerNorm eps of 1e-12 is unusual for clip, where it is 1e-5"),
        "{eps}"
    );
    let mean = warning(timm("vit_base_patch14_dinov2", "lvd142m", 0.5).path());
    assert!(
        mean.contains("unusual for vit_base_patch14_dinov2, whose checkpoints use ImageNet's"),
        "{mean}"
    );
    let folder = copy_of(&fixtures().join("clip"));
    let path = folder.path().join("preprocessor_config.json");
    replace(&path, "\"do_normalize\": true", "\"do_normalize\": false");
    let none = warning(folder.path());
    assert!(
        none.contains("mean [0.0, 0.0, 0.0]") && none.contains("CLIP's or 0.5"),
        "{none}"
    );
}

#[test]
fn without_a_preprocessor_config_the_published_one_is_used_and_said() {
    let cases = [
        (
            "vit",
            "as in the published vit checkpoints (to 16 × 16, bilinear; mean [0.5, 0.5, 0.5]",
            (16, 16),
        ),
        (
            "deit",
            "published deit checkpoints (to 18 × 18, bicubic; centre 16 × 16",
            (16, 16),
        ),
        (
            "dinov2",
            "published dinov2 checkpoints (shorter side to 18, bicubic; centre 16 × 16",
            (16, 16),
        ),
    ];
    for (name, expected, size) in cases {
        let folder = fixtures().join(name);
        let found = warning(&folder);
        assert!(
            found.contains("no preprocessor_config.json") && found.contains(expected),
            "{found}"
        );
        let checkpoint = Checkpoint::open(&folder).expect("a readable checkpoint");
        assert_eq!(checkpoint.preprocess.output(), Some(size));
    }
    let folder = copy_of(&fixtures().join("clip"));
    std::fs::remove_file(folder.path().join("preprocessor_config.json")).expect("a file");
    let ours = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    let theirs = Checkpoint::open(&fixtures().join("clip")).expect("a readable checkpoint");
    assert_eq!(
        ours.preprocess, theirs.preprocess,
        "the published CLIPs' is that of transformers"
    );
}

#[test]
fn dinov2_is_used_at_the_size_its_published_processor_makes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = r#"{"model_type": "dinov2", "image_size": 518, "patch_size": 14}"#;
    std::fs::write(folder.path().join("config.json"), config).expect("a writable file");
    let found = warning(folder.path());
    assert!(
        found.contains("shorter side to 256, bicubic; centre 224 × 224"),
        "{found}"
    );
    let checkpoint = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    assert_eq!(checkpoint.config.image(), (224, 224));
}

#[test]
fn a_processor_config_of_newer_folders_will_do() {
    let folder = copy_of(&fixtures().join("clip"));
    let (old, new) = (
        folder.path().join("preprocessor_config.json"),
        folder.path().join("processor_config.json"),
    );
    let inner = std::fs::read_to_string(&old).expect("a config");
    std::fs::write(&new, format!("{{\"image_processor\": {inner}}}")).expect("a writable file");
    std::fs::remove_file(&old).expect("a file");
    let theirs = Checkpoint::open(&fixtures().join("clip")).expect("a readable checkpoint");
    let ours = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    assert_eq!(
        (ours.preprocess, ours.warnings),
        (theirs.preprocess, Vec::new())
    );
}
