//! `add model`: registers a checkpoint after reading it once, so that nothing about it comes as a surprise later.

use std::path::PathBuf;

use super::help;
use crate::decompose::{ComponentKind, Decomposer};
use crate::desk::models::model_card::ModelCard;
use crate::desk::models::passes::Change;
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::files::paths;
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};
use crate::store::ModelEntry;
use crate::vision::checkpoint::Checkpoint;
use crate::vision::error::CheckpointError;
use crate::vision::hub;

/// The file beside a CLIP checkpoint that holds its own prompt templates, one a line, in place of the built-in ones.
const TEMPLATES: &str = "templates.txt";

/// `add model NAME from PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddModel {
    /// What the model is called.
    pub name: String,
    /// Its folder, or its name on the hub.
    pub path: String,
}

impl Statement for AddModel {
    const RULE: &'static str = "add_model";
    const HELP: &'static Topic = &help::HELP;
    const EFFECT: Effect = Effect::Store;
    type Tickets = Change;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self {
            name: names.name(said.the(Role::NewName))?,
            path: names.text(said.the_text())?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Change, DeskError> {
        Ok(planner.change("nothing is computed with a model"))
    }

    fn run(&self, change: Change, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let name = &self.name;
        let folder = self.folder(desk)?;
        let checkpoint = Checkpoint::open(&folder)?;
        let loaded = change.models(desk).load(checkpoint, Numbers::F32)?;
        let checkpoint = &loaded.checkpoint;
        let card = model_card(checkpoint, &loaded.decomposer)?;
        let store = change.store(desk);
        let known = store.model(name).ok();
        let files = files(checkpoint)?;
        let family = checkpoint.config.word();
        let mut entry = ModelEntry::new(name, &folder, family, &files, known.as_ref())?;
        entry.about = serde_json::to_value(&card).expect("numbers and texts are JSON");
        store.save_model(&entry)?;
        let mut notes = notes(name, &card, known.is_some());
        let warnings = checkpoint.warnings.iter();
        notes.extend(warnings.map(|warning| format!("{name}: {warning}")));
        change.models(desk).keep_model(entry.fingerprint, loaded);
        let answer = Answer {
            notes,
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

impl AddModel {
    /// The folder of the checkpoint; one of the hub is obtained first.
    fn folder(&self, desk: &Desk<'_>) -> Result<PathBuf, DeskError> {
        let environment = |name: &str| std::env::var_os(name);
        let path = paths::expand(&self.path);
        let path = path.to_string_lossy();
        let found = hub::obtain(&path, &environment, desk.progress, desk.cancel)?;
        let folder = std::fs::canonicalize(&found);
        Ok(folder.map_err(|_| CheckpointError::NotAFolder(found))?)
    }
}

fn model_card(checkpoint: &Checkpoint, decomposer: &Decomposer) -> Result<ModelCard, DeskError> {
    let config = &checkpoint.config;
    let templates = std::fs::read_to_string(checkpoint.folder.join(TEMPLATES)).ok();
    Ok(ModelCard {
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
fn files(checkpoint: &Checkpoint) -> Result<Vec<PathBuf>, DeskError> {
    let mut files = checkpoint.files()?;
    let templates = checkpoint.folder.join(TEMPLATES);
    if templates.is_file() {
        files.push(templates);
    }
    files.sort();
    Ok(files)
}

fn notes(name: &str, card: &ModelCard, replaced: bool) -> Vec<String> {
    let count = |kind| {
        let components = card.components();
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
    let (height, width) = card.image;
    let verb = if replaced { "replaced" } else { "added" };
    let texts = if card.is_clip {
        ", and a text tower"
    } else {
        ""
    };
    vec![
        format!(
            "{verb} {name}: {} for {height} × {width} images, {parts}, a representation of {} \
             numbers{texts}",
            card.architecture, card.dim
        ),
        format!("{name} prepares images so: {}", card.preprocessing),
    ]
}
