//! Units of a model: what is ranked, chosen and ablated.

use std::fmt;

use crate::decompose::Component;
use crate::lang::catalog::{ColumnInfo, ColumnKind};

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

/// The columns of a table of units.
pub const UNIT_COLUMNS: [(&str, ColumnKind); 7] = [
    ("unit", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("layer", ColumnKind::Number),
    ("head", ColumnKind::Number),
    ("stage", ColumnKind::Number),
    ("block", ColumnKind::Number),
    ("score", ColumnKind::Number),
];

/// [`UNIT_COLUMNS`] as a table's columns.
#[must_use]
pub fn unit_columns() -> Vec<ColumnInfo> {
    let column = |&(name, kind)| ColumnInfo::new(name, kind);
    UNIT_COLUMNS.iter().map(column).collect()
}
