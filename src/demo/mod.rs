//! The demo inside the program: small trained checkpoints, a set of scenes, and a tour of questions about them.
//!
//! Everything is unpacked into a folder of its own, in the forms in which real checkpoints and image sets come, and the
//! tour is a script of ordinary statements: whatever the demo shows, anyone can do with models of their own.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure, in_words};
use crate::interface::source::Source;
use crate::kernels::device::Choice;
use crate::session::Session;
use crate::store::{Store, StoreError};

/// The image set.
const SET: &str = "scenes";

/// The CLIP that the others are aligned to.
const CLIP: &str = "clip";

/// The other models, in the order of the tour.
const MODELS: [&str; 5] = ["dinov2", "deit", "dino", "swin", "maxvit"];

/// The questions, after the preparations.
const TOUR: &str = include_str!("../../examples/tour.vq");

/// Named features of the scenes.
const FEATURES: &str = include_str!("../../examples/demo/features.toml");

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../examples/demo/", $path)))),*]
    };
}

/// What is unpacked: path below the demo's folder, content.
const FILES: &[(&str, &[u8])] = files![
    "README.md",
    "scenes.parquet",
    "models/clip/config.json",
    "models/clip/model.safetensors",
    "models/clip/preprocessor_config.json",
    "models/clip/templates.txt",
    "models/clip/tokenizer.json",
    "models/deit/config.json",
    "models/deit/model.safetensors",
    "models/dino/config.json",
    "models/dino/model.safetensors",
    "models/dinov2/config.json",
    "models/dinov2/model.safetensors",
    "models/maxvit/config.json",
    "models/maxvit/model.safetensors",
    "models/swin/config.json",
    "models/swin/model.safetensors",
];

#[derive(Deserialize)]
struct Features {
    feature: std::collections::BTreeMap<String, Texts>,
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<String>,
}

/// Where the demo lives: `demo` in the default store's folder.
///
/// # Errors
/// When the system has no place for application data.
pub fn folder() -> Result<PathBuf, Failure> {
    let root = Store::default_root().map_err(no_store)?;
    Ok(root.join("demo"))
}

/// Unpacks the demo into `folder` as far as it is not there, and opens its store; models will run on `device`.
///
/// The tour that comes with it begins with the preparations that are still to be made: none, the second time.
///
/// # Errors
/// When the folder can't be written.
pub fn open(folder: &Path, device: Choice) -> Result<(Box<dyn Engine>, Source), Failure> {
    for (path, content) in FILES {
        unpack(&folder.join(path), content)
            .map_err(|error| cannot_write(&folder.join(path), &error))?;
    }
    let store = Store::open(folder.join("store")).map_err(no_store)?;
    define_features(&store)?;
    let text = format!("{}{TOUR}", preparations(&store, folder)?);
    let source = Source {
        name: "tour".to_owned(),
        text,
    };
    let session = Session::open(store.root())?.on(device);
    Ok((Box::new(session), source))
}

fn no_store(error: StoreError) -> Failure {
    Failure::new(Exit::Missing, error.to_string())
}

/// Writes a file unless it is there already, whole: a size that fits is not enough after a crash.
fn unpack(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, content)
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::Missing,
        format!(
            "can't unpack the demo to {}: {}",
            path.display(),
            in_words(error)
        ),
    )
    .with_help("XDG_DATA_HOME names another place")
}

fn define_features(store: &Store) -> Result<(), Failure> {
    let features: Features = toml::from_str(FEATURES).expect("the shipped file is read in a test");
    let known = store.features(None).map_err(no_store)?;
    for (name, Texts { texts }) in features.feature {
        if !known
            .iter()
            .any(|feature| feature.name == name && feature.texts == texts)
        {
            store.define(&name, &texts).map_err(no_store)?;
        }
    }
    Ok(())
}

/// The statements that bring the store to where the tour begins, those left out whose work is done.
fn preparations(store: &Store, folder: &Path) -> Result<String, Failure> {
    let place = |path: &str| folder.join(path).display().to_string();
    let mut text = String::new();
    if !store.sets().map_err(no_store)?.iter().any(|set| set == SET) {
        text.push_str(&format!(
            "# 2,400 small scenes: a sticker on a landscape. What is in each is known.\nadd images {SET} from \"{}\";\n\n",
            place("scenes.parquet")
        ));
    }
    let models = store.models().map_err(no_store)?;
    let missing = || {
        MODELS
            .into_iter()
            .chain([CLIP])
            .filter(|name| !models.contains(&(*name).into()))
    };
    if missing().next().is_some() {
        text.push_str(
            "# Small vision transformers, really trained, saved as their big namesakes are.\n",
        );
        for name in missing() {
            text.push_str(&format!(
                "add model {name} from \"{}\";\n",
                place(&format!("models/{name}"))
            ));
        }
        text.push('\n');
    }
    let undone = |name: &&str| store.decomposition(name, SET).is_err();
    let todo: Vec<&str> = [CLIP].into_iter().chain(MODELS).filter(undone).collect();
    if !todo.is_empty() {
        text.push_str(&format!(
            "# What every head and MLP contributes to the representation of every image.\ndecompose {SET} with {};\n\n",
            todo.join(", ")
        ));
    }
    let unaligned = |name: &&str| {
        let stored = store.decomposition(name, SET);
        let blobs = stored.and_then(|stored| stored.blobs()).unwrap_or_default();
        !blobs.contains(&format!("align-{CLIP}"))
    };
    let todo: Vec<&str> = MODELS.into_iter().filter(unaligned).collect();
    if !todo.is_empty() {
        text.push_str("# Linear maps that carry contributions to where CLIP's texts are.\n");
        for name in todo {
            text.push_str(&format!("align {name} to {CLIP} on {SET};\n"));
        }
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_features_can_be_read() {
        let features: Features = toml::from_str(FEATURES).expect("TOML");
        for name in ["texture", "color", "location", "object"] {
            assert!(!features.feature[name].texts.is_empty(), "{name}");
        }
    }
}
