//! What several promises need: golden data, and checkpoints to spoil.

pub mod hashed;
pub mod models;
pub mod naive;
pub mod pty;
pub mod shell;
pub mod stopping;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;

/// The folder of golden data for inputs (`make.py` there makes it).
pub fn fixtures() -> PathBuf {
    shared("input")
}

/// The demo checkpoint called `name`.
pub fn demo_model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples/demo/models")
        .join(name)
}

/// All golden tensors by name.
pub fn golden() -> HashMap<String, Tensor> {
    tensors(&fixtures().join("golden.safetensors"))
}

/// What `tests/fixtures` holds under `name`, for all promises.
pub fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// All tensors of the file at `path`, by name.
pub fn tensors(path: &Path) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(path, &Device::Cpu).expect("the golden data is readable")
}

/// A copy of the checkpoint in `folder`, to spoil.
pub fn copy_of(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    for entry in std::fs::read_dir(folder).expect("a checkpoint folder") {
        let entry = entry.expect("a readable entry");
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
    }
    copy
}

/// Replaces `from` by `to` in a text file, where it has to be.
pub fn replace(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).expect("a text file");
    assert!(text.contains(from), "{from} is in {}", path.display());
    std::fs::write(path, text.replace(from, to)).expect("a writable file");
}

/// The largest difference of two slices as long as each other.
pub fn difference(left: &[f32], right: &[f32]) -> f32 {
    assert_eq!(left.len(), right.len(), "as many numbers");
    left.iter()
        .zip(right)
        .map(|(left, right)| (left - right).abs())
        .fold(0.0, f32::max)
}

/// The cosine of the angle between two vectors, in f64.
pub fn cosine(left: &[f32], right: &[f32]) -> f64 {
    let dot = |left: &[f32], right: &[f32]| -> f64 {
        let pairs = left.iter().zip(right);
        pairs
            .map(|(left, right)| f64::from(*left) * f64::from(*right))
            .sum()
    };
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// The components that the golden file at `path` lists, in its order.
pub fn component_names(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).expect("a readable file");
    let (_, metadata) = SafeTensors::read_metadata(&bytes).expect("safetensors");
    let entries = metadata.metadata().as_ref().expect("metadata");
    entries["components"]
        .split('|')
        .map(str::to_owned)
        .collect()
}
