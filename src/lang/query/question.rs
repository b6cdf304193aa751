//! Questions about models, resolved.

use std::fmt;

use crate::decompose::Component;
use crate::lang::ast::{Asked, Joint, Replacement};
use crate::lang::filter::Filter;

/// A question with everything it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which question.
    pub asked: Asked,
    /// The models asked, each with its images, CLIP model and units; at least one.
    pub targets: Vec<Target>,
    /// The concepts asked about.
    pub concepts: Vec<Concept>,
    /// How units are scored.
    pub score: Score,
    /// Which images count; `None` for all.
    pub images: Option<Filter>,
    /// What an answer's row must satisfy: the part of the condition that speaks of `score`.
    pub after: Option<Filter>,
    /// The greatest number of rows in the answer.
    pub limit: Option<usize>,
    /// The seed of whatever is random.
    pub seed: Option<u64>,
    /// What texts are put into.
    pub template: Template,
    /// Second order: only what reaches the representation through this head.
    pub via: Option<Component>,
    /// Whether to resample instantiations and images.
    pub stability: bool,
    /// Whether every component has a map of its own.
    pub per_head: bool,
    /// Whether units are called by the paper's own names.
    pub paper: bool,
    /// How many images to retrieve.
    pub count: Option<usize>,
    /// The image to explain or to find others like.
    pub image: Option<Image>,
    /// The set to segment: its images need not be those of the target, whose alignment is used.
    pub segmented: Option<String>,
    /// The column to classify by.
    pub column: Option<String>,
    /// The components to ablate.
    pub ablated: Option<Selection>,
    /// Whether they are ablated one after the other, each with those before it.
    pub cumulatively: bool,
    /// What an ablation measures.
    pub measure: Measure,
    /// What ablated contributions are replaced by.
    pub replacement: Replacement,
    /// The components whose contributions are used, if not all.
    pub using: Option<Selection>,
    /// The components whose contributions are left out.
    pub without: Option<Selection>,
    /// Whether vectors are given in CLIP's space.
    pub aligned: bool,
}

/// A model to be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The model.
    pub model: String,
    /// The images.
    pub set: String,
    /// The CLIP model whose text tower it is asked through (itself for a CLIP model); `None` if no text is involved.
    pub clip: Option<String>,
    /// The units asked about, filtered, in order, each once.
    pub units: Vec<Unit>,
}

impl Target {
    /// The units that are single components.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        let component = |unit: &Unit| match unit {
            Unit::Component(component) => Some(*component),
            _ => None,
        };
        self.units.iter().filter_map(component).collect()
    }
}

/// A unit of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Unit {
    /// A component.
    Component(Component),
    /// A whole layer: its heads and its MLP.
    Layer(u16),
    /// Neurons `first..=last` of an MLP; `None` for all.
    Neurons {
        layer: u16,
        range: Option<(u32, u32)>,
    },
    /// The image tokens.
    Tokens,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(component) => component.fmt(f),
            Self::Layer(layer) => write!(f, "layer {layer}"),
            Self::Neurons { layer, range } => match range {
                None => write!(f, "neurons {layer}.*"),
                Some((first, last)) if first == last => write!(f, "neuron {layer}.{first}"),
                Some((first, last)) => write!(f, "neurons {layer}.{first} to {layer}.{last}"),
            },
            Self::Tokens => f.write_str("tokens"),
        }
    }
}

/// A concept and its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Concept {
    /// A named feature with its instantiations.
    Feature { name: String, texts: Vec<String> },
    /// Texts given in the statement.
    Texts(Vec<String>),
}

impl Concept {
    /// The texts.
    #[must_use]
    pub fn texts(&self) -> &[String] {
        match self {
            Self::Feature { texts, .. } | Self::Texts(texts) => texts,
        }
    }

    /// A short name for headings.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Feature { name, .. } => name.clone(),
            Self::Texts(texts) => texts.join(", "),
        }
    }
}

/// What texts are put into before they are embedded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// The built-in prompt templates.
    #[default]
    Default,
    /// The texts as they are.
    None,
    /// Texts with one blank `{}` each.
    Texts(Vec<String>),
}

/// How well a component goes with a concept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Pearson correlation with the total, averaged over the axes of the concept (the paper's).
    #[default]
    Correlation,
    /// Share of the component's variance that lies in the concept's subspace.
    Variance,
    /// Share of the total's variance along the concept; all components' shares sum to 1.
    Covariance,
    /// Rank correlation with the total.
    Spearman,
    /// Correlation in a basis that doesn't depend on the order of the instantiations.
    OrderFree,
}

impl Score {
    /// Every score and its keyword.
    pub const ALL: [(&'static str, Self); 5] = [
        ("correlation", Self::Correlation),
        ("variance", Self::Variance),
        ("covariance", Self::Covariance),
        ("spearman", Self::Spearman),
        ("order-free", Self::OrderFree),
    ];

    /// Its keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, score)| *score == self);
        named.map_or("", |(word, _)| word)
    }
}

/// An image to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Image {
    /// A file.
    File(String),
    /// An image of a set, by row from 0.
    InSet { set: String, row: usize },
}

/// What an ablation measures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Accuracy of the zero-shot classifier.
    #[default]
    Accuracy,
    /// Cosine with the whole representation.
    Similarity,
    /// How much of a column's attribute a probe can still read.
    Column(String),
}

/// A choice of components: terms added and taken away, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The terms; the first joins with [`Joint::And`].
    pub terms: Vec<(Joint, Term)>,
}

/// A term of a selection.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Term {
    /// The `count` units that score highest (or lowest) for a concept, or for it minus another.
    Extreme {
        top: bool,
        count: usize,
        units: Vec<Unit>,
        concept: Concept,
        over: Option<Concept>,
    },
    /// `count` units drawn at random.
    Random {
        count: usize,
        units: Vec<Unit>,
        seed: Option<u64>,
    },
    /// These units.
    Units(Vec<Unit>),
    /// The units of a result, which has a column `unit`.
    Result(String),
}
