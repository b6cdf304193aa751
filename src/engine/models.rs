//! `add model`: registers a checkpoint after reading it once, so that nothing about it comes as a surprise later.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Desk, EngineError};
use crate::decompose::{Component, ComponentKind, Decomposer};
use crate::files::paths;
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::store::ModelEntry;
use crate::vision::checkpoint::Checkpoint;
use crate::vision::config::Place;
use crate::vision::error::CheckpointError;
use crate::vision::hub;

/// The file beside a CLIP checkpoint that holds its own prompt templates, one a line, in place of the built-in ones.
const TEMPLATES: &str = "templates.txt";

/// What is known about a model without loading it; kept with its entry in the store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// What the checkpoint calls itself: `vit_base_patch16_224`, `clip`.
    pub architecture: String,
    /// Height and width of its input.
    pub image: (usize, usize),
    /// Width of the representation.
    pub dim: usize,
    /// Its components, in order.
    pub components: Vec<String>,
    /// How wide the row of each is.
    pub widths: Vec<usize>,
    /// Neurons of each MLP; empty in entries of earlier versions.
    #[serde(default)]
    pub neurons: Vec<u32>,
    /// Stage and block of each layer, in a model with stages.
    #[serde(default)]
    pub layer_places: Vec<Place>,
    /// Stage and block of each convolution branch.
    #[serde(default)]
    pub conv_places: Vec<Place>,
    /// How images are prepared, in words.
    pub preprocessing: String,
    /// Whether it has a text tower.
    pub is_clip: bool,
    /// Prompt templates that came with it.
    #[serde(default)]
    pub templates: Option<Vec<String>>,
}

impl About {
    /// What is kept with an entry.
    ///
    /// # Errors
    /// When the entry was written by another version.
    pub fn of(entry: &ModelEntry) -> Result<Self, EngineError> {
        serde_json::from_value(entry.about.clone()).map_err(|_| {
            let (name, folder) = (&entry.name, entry.folder.display());
            EngineError::refused(
                format!("the entry of {name} in the store was written by another version"),
                format!("run `add model {name} from \"{folder}\"` again"),
            )
        })
    }

    /// The components.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        self.components
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect()
    }
}

impl Desk<'_> {
    /// Registers the checkpoint at `path`, a folder or a model of the hub, as `name`.
    pub(super) fn add_model(&mut self, name: &str, path: &str) -> Result<Answer, EngineError> {
        let environment = |name: &str| std::env::var_os(name);
        let path = paths::expand(path);
        let found = hub::obtain(
            &path.to_string_lossy(),
            &environment,
            self.progress,
            self.cancel,
        )?;
        let folder =
            std::fs::canonicalize(&found).map_err(|_| CheckpointError::NotAFolder(found))?;
        let loaded = (self.library).load(Checkpoint::open(&folder)?, Numbers::F32)?;
        let checkpoint = &loaded.checkpoint;
        let about = about(checkpoint, &loaded.decomposer)?;
        let known = self.store.model(name).ok();
        let files = files(checkpoint)?;
        let config = &checkpoint.config;
        let mut entry = ModelEntry::new(name, &folder, config.word(), &files, known.as_ref())?;
        entry.about = serde_json::to_value(&about).expect("numbers and texts are JSON");
        self.store.save_model(&entry)?;
        let mut notes = notes(name, &about, known.is_some());
        notes.extend(
            checkpoint
                .warnings
                .iter()
                .map(|warning| format!("{name}: {warning}")),
        );
        self.library.keep_model(entry.fingerprint, loaded);
        Ok(Answer {
            notes,
            ..Answer::default()
        })
    }
}

fn about(checkpoint: &Checkpoint, decomposer: &Decomposer) -> Result<About, EngineError> {
    let config = &checkpoint.config;
    let templates = std::fs::read_to_string(checkpoint.folder.join(TEMPLATES)).ok();
    Ok(About {
        architecture: config.name().to_owned(),
        image: config.image(),
        dim: decomposer.dim()?,
        components: decomposer
            .specs()
            .iter()
            .map(|spec| spec.component.to_string())
            .collect(),
        neurons: decomposer.neuron_counts()?,
        widths: decomposer.specs().iter().map(|spec| spec.width).collect(),
        preprocessing: checkpoint.preprocess.describe(),
        is_clip: config.is_clip(),
        layer_places: config.layer_places(),
        conv_places: config.conv_places(),
        templates: templates.map(|text| text.lines().map(str::to_owned).collect()),
    })
}

/// The checkpoint's files: whatever in its folder can change what the model does.
fn files(checkpoint: &Checkpoint) -> Result<Vec<PathBuf>, EngineError> {
    let mut files = checkpoint.files()?;
    let templates = checkpoint.folder.join(TEMPLATES);
    if templates.is_file() {
        files.push(templates);
    }
    files.sort();
    Ok(files)
}

fn notes(name: &str, about: &About, replaced: bool) -> Vec<String> {
    let count = |kind| {
        let components = about.components();
        components
            .iter()
            .filter(|component| component.kind == kind)
            .count()
    };
    let (heads, mlps) = (count(ComponentKind::Head), count(ComponentKind::Mlp));
    let parts = match count(ComponentKind::Conv) {
        0 => format!("{heads} heads and {mlps} MLPs"),
        convs => format!("{heads} heads, {mlps} MLPs and {convs} convolution branches"),
    };
    let (height, width) = about.image;
    let verb = if replaced { "replaced" } else { "added" };
    let texts = if about.is_clip {
        ", and a text tower"
    } else {
        ""
    };
    vec![
        format!(
            "{verb} {name}: {} for {height} × {width} images, {parts}, a representation of {} \
             numbers{texts}",
            about.architecture, about.dim
        ),
        format!("{name} prepares images so: {}", about.preprocessing),
    ]
}
