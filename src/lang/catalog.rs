//! What there is to ask about: a plain snapshot that the session fills, so that looking names up needs no files.

use std::collections::BTreeMap;

use super::ast::Value;
use super::help::Topic;
use super::query::{Score, Template};

/// Everything a statement can name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// The models, in order of listing.
    pub models: Vec<ModelInfo>,
    /// The image sets.
    pub sets: Vec<SetInfo>,
    /// The features.
    pub features: Vec<FeatureInfo>,
    /// The named results, by name; the last answer is named `_`.
    pub results: Vec<ResultInfo>,
    /// The pages of help.
    pub topics: Vec<&'static Topic>,
}

/// A model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInfo {
    /// Its name in queries.
    pub name: String,
    /// Its family, such as `vit` or `swin`.
    pub family: String,
    /// Side of its input in pixels.
    pub image_size: u32,
    /// Attention heads of each layer, from the input.
    pub heads: Vec<u16>,
    /// How many MLPs; MLP `i` belongs to layer `i`.
    pub mlps: u16,
    /// How many convolution branches.
    pub convs: u16,
    /// Hidden neurons of each MLP; empty if unknown.
    pub neurons: Vec<u32>,
    /// Stage and block of each layer; empty for models without stages (stage 0, block = layer).
    pub blocks: Vec<(u16, u16)>,
    /// Stage and block of each convolution branch; empty as above.
    pub conv_blocks: Vec<(u16, u16)>,
    /// Whether it has a text tower of its own.
    pub is_clip: bool,
    /// The sets whose decomposition is stored.
    pub decomposed_on: Vec<String>,
    /// Its alignments.
    pub aligned: Vec<Alignment>,
}

/// A fitted alignment of a model into a CLIP model's space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// The CLIP model.
    pub clip: String,
    /// The images it was fitted on.
    pub set: String,
}

/// An image set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SetInfo {
    /// Its name in queries.
    pub name: String,
    /// How many images.
    pub rows: usize,
    /// The columns of its table.
    pub columns: Vec<ColumnInfo>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Its distinct values if it holds texts and they are few; else empty.
    pub values: Vec<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Something else, or not known yet: compared with anything.
    Any,
}

/// A feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureInfo {
    /// Its name.
    pub name: String,
    /// Its instantiations.
    pub texts: Vec<String>,
    /// Where it comes from: `built-in`, a set's name, `yours`.
    pub origin: String,
}

/// A named result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultInfo {
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnInfo>,
}

/// What statements leave unsaid: the session's settings and variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// `set images SET`: the images of statements without `on`.
    pub set: Option<String>,
    /// `set clip MODEL`: the CLIP model of models aligned to several.
    pub clip: Option<String>,
    /// `set score SCORE`.
    pub score: Option<Score>,
    /// `set limit N`.
    pub limit: Option<usize>,
    /// `set seed N`.
    pub seed: Option<u64>,
    /// `set template …`.
    pub template: Option<Template>,
    /// `let NAME = VALUE`; never holds [`Value::Variable`].
    pub variables: BTreeMap<String, Value>,
}

impl Catalog {
    /// The model of this name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&ModelInfo> {
        find(&self.models, name, |model| &model.name)
    }

    /// Lists a result, in place of one of its name.
    pub fn list_result(&mut self, result: ResultInfo) {
        match self
            .results
            .binary_search_by(|known| known.name.cmp(&result.name))
        {
            Ok(place) => self.results[place] = result,
            Err(place) => self.results.insert(place, result),
        }
    }

    /// The image set of this name.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&SetInfo> {
        find(&self.sets, name, |set| &set.name)
    }

    /// The page of help of this name, in any letter case.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&'static Topic> {
        let mut topics = self.topics.iter().copied();
        topics.find(|topic| topic.name.eq_ignore_ascii_case(name))
    }

    /// The feature of this name.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<&FeatureInfo> {
        find(&self.features, name, |feature| &feature.name)
    }

    /// The result of this name.
    #[must_use]
    pub fn result(&self, name: &str) -> Option<&ResultInfo> {
        find(&self.results, name, |result| &result.name)
    }
}

impl ModelInfo {
    /// Stage and block of a layer.
    #[must_use]
    pub fn block(&self, layer: u16) -> (u16, u16) {
        place_of(&self.blocks, layer)
    }

    /// Stage and block of a convolution branch.
    #[must_use]
    pub fn conv_block(&self, conv: u16) -> (u16, u16) {
        place_of(&self.conv_blocks, conv)
    }

    /// How many layers: attention layers and the MLPs that follow them.
    #[must_use]
    pub fn layers(&self) -> u16 {
        (self.heads.len() as u16).max(self.mlps)
    }
}

impl SetInfo {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnInfo> {
        find(&self.columns, name, |column| &column.name)
    }
}

impl ColumnInfo {
    /// A column whose values aren't listed.
    #[must_use]
    pub fn new(name: &str, kind: ColumnKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            values: Vec::new(),
        }
    }
}

fn place_of(blocks: &[(u16, u16)], index: u16) -> (u16, u16) {
    blocks
        .get(usize::from(index))
        .copied()
        .unwrap_or((0, index))
}

/// The item of this name; if none has it exactly, one that has it in other letter case.
pub(in crate::lang) fn find<'a, T>(
    items: &'a [T],
    name: &str,
    of: impl Fn(&T) -> &String,
) -> Option<&'a T> {
    let exact = items.iter().find(|item| of(item) == name);
    exact.or_else(|| {
        items
            .iter()
            .find(|item| of(item).to_lowercase() == name.to_lowercase())
    })
}
