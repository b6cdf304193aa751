//! Pictures of answers, as data.

use super::rank::Scored;
use crate::answer::{Picture, UnitGrid};
use crate::decompose::{Component, ComponentKind};
use crate::lang::catalog::Catalog;
use crate::lang::query::Unit;

/// The scores of a model's heads, layer by head; nothing if no heads were scored.
pub(super) fn unit_grid(catalog: &Catalog, scored: &Scored) -> Option<Picture> {
    let model = catalog.model(&scored.model)?;
    let rows = model.heads.len();
    let cols = usize::from(*model.heads.iter().max()?);
    let mut values = vec![None; rows * cols];
    for (unit, score) in &scored.units {
        if let Unit::Component(Component {
            kind: ComponentKind::Head,
            layer,
            head,
        }) = unit
        {
            values[usize::from(*layer) * cols + usize::from(*head)] = Some(*score as f32);
        }
    }
    let largest = values
        .iter()
        .flatten()
        .fold(0f32, |most, value| most.max(value.abs()));
    let lowest = values.iter().flatten().copied().fold(0f32, f32::min);
    if largest == 0.0 {
        return None;
    }
    Some(Picture::UnitGrid(UnitGrid {
        model: format!("{} · {}", scored.model, scored.concept),
        rows,
        cols,
        values,
        low: if lowest < 0.0 { -largest } else { 0.0 },
        high: largest,
        row_labels: (0..rows).map(|layer| layer.to_string()).collect(),
        col_labels: (0..cols).map(|head| head.to_string()).collect(),
    }))
}
