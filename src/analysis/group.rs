//! Groups: the units of a question, as the analysis knows them.

/// What is scored as one: a component, or components taken together (a layer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How tables call it: `head 5.2`, `layer 5`.
    pub name: String,
    /// Its components, by position.
    pub components: Vec<usize>,
}
