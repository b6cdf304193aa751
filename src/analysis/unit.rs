//! Units: what questions are asked of.

/// What is ranked: a component, or components taken together (a layer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// How tables call it: `head 5.2`, `layer 5`.
    pub name: String,
    /// Its components, by position.
    pub components: Vec<usize>,
}
