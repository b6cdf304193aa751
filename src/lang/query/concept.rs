//! What is asked about, in words.

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

/// How texts reach a model: the CLIP whose text tower reads them (itself for a CLIP), and what they are put into first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The CLIP.
    pub clip: String,
    /// The templates.
    pub template: Template,
}
