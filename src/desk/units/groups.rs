//! Units of the language as groups of stored components.

use crate::analysis::Group;
use crate::decompose::{Component, ComponentKind, RowSpec};
use crate::desk::DeskError;
use crate::lang::query::Unit;

/// Components, and what they are called.
pub struct Named {
    /// Their positions, sorted, each once.
    pub components: Vec<usize>,
    /// The names of the units they belong to.
    pub words: String,
}

/// Units as groups of stored components, by position.
///
/// # Errors
/// When a unit is not stored.
pub fn groups(specs: &[RowSpec], units: &[Unit]) -> Result<Vec<Group>, DeskError> {
    units.iter().map(|unit| group(specs, unit)).collect()
}

fn group(specs: &[RowSpec], unit: &Unit) -> Result<Group, DeskError> {
    let components: Vec<usize> = match unit {
        Unit::Component(component) => {
            let position = specs.iter().position(|spec| spec.component == *component);
            position.into_iter().collect()
        }
        Unit::Layer(layer) => in_layer(specs, *layer),
        Unit::Neurons { .. } | Unit::Tokens => Vec::new(),
    };
    match components.is_empty() {
        true => Err(not_stored(unit)),
        false => Ok(Group {
            name: unit.to_string(),
            components,
        }),
    }
}

fn in_layer(specs: &[RowSpec], layer: u16) -> Vec<usize> {
    let inside = specs.iter().enumerate().filter(move |(_, spec)| {
        let Component {
            kind, layer: own, ..
        } = spec.component;
        own == layer && matches!(kind, ComponentKind::Head | ComponentKind::Mlp)
    });
    inside.map(|(index, _)| index).collect()
}

fn not_stored(unit: &Unit) -> DeskError {
    let what = match unit {
        Unit::Neurons { .. } => "neurons are".to_owned(),
        Unit::Tokens => "tokens are".to_owned(),
        one => format!("{one} is"),
    };
    let help = match unit {
        Unit::Neurons { .. } => "neurons can be ranked; otherwise ask about mlps",
        Unit::Tokens => {
            "a token's share is computed for the images looked at; ask about heads, mlps or layers"
        }
        _ => "heads, mlps, layers and components are",
    };
    DeskError::refused(format!("{what} not stored with a decomposition"), help)
}

/// The components of some units.
///
/// # Errors
/// As [`groups`].
pub fn components_of(specs: &[RowSpec], units: &[Unit]) -> Result<Named, DeskError> {
    let groups = groups(specs, units)?;
    let mut components: Vec<usize> = groups
        .iter()
        .flat_map(|group| group.components.clone())
        .collect();
    components.sort_unstable();
    components.dedup();
    let names: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    Ok(Named {
        components,
        words: summary(&names),
    })
}

/// The unit that tables call so.
#[must_use]
pub fn unit_named(text: &str) -> Option<Unit> {
    if let Some(layer) = text.strip_prefix("layer ") {
        return layer.parse().ok().map(Unit::Layer);
    }
    text.parse::<Component>().ok().map(Unit::Component)
}

/// A few names, and how many more.
fn summary(names: &[String]) -> String {
    const NAMED: usize = 6;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let more = names.len().saturating_sub(NAMED);
    let named = names[..names.len() - more].join(", ");
    if more > 0 {
        format!("{named} and {more} more")
    } else {
        named
    }
}
