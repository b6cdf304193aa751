//! Pictures of a ranking: a grid of heads, intervals, a histogram.

use super::scored::Scored;
use crate::decompose::{Component, ComponentKind};
use crate::interface::answer::{Histogram, Interval, Intervals, Picture, UnitGrid};
use crate::lang::catalog::ModelInfo;
use crate::lang::query::Unit;

/// The scores of a model's heads, layer by head; nothing if no heads were scored.
pub(super) fn unit_grid(model: &ModelInfo, scored: &Scored) -> Option<Picture> {
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

/// The most rows of a picture of intervals: more than a screen holds are read in the table.
const ROWS: usize = 20;

/// Units below which a histogram says no more than the table.
const ENOUGH: usize = 16;

/// Bars of a histogram of scores.
const BARS: usize = 12;

/// The scores of the units that rank highest, with the intervals that most replicates lie in; nothing unless `with
/// stability` was asked for.
pub(super) fn intervals(scored: &Scored) -> Option<Picture> {
    let steadiness = scored.steadiness.as_ref()?;
    let mut rows: Vec<Interval> = (scored.units.iter().zip(steadiness))
        .map(|((unit, score), steady)| Interval {
            label: unit.to_string(),
            low: steady.score.0 as f32,
            mid: *score as f32,
            high: steady.score.1 as f32,
        })
        .collect();
    rows.sort_by(|a, b| b.mid.total_cmp(&a.mid));
    rows.truncate(ROWS);
    let ends = || rows.iter().flat_map(|row| [row.low, row.mid, row.high]);
    let low = ends().fold(f32::INFINITY, f32::min);
    let high = ends().fold(f32::NEG_INFINITY, f32::max);
    low.is_finite().then(|| {
        Picture::Intervals(Intervals {
            title: format!("{} · {}, with intervals", scored.model, scored.concept),
            low: low.min(0.0),
            high: high.max(0.0),
            rows,
        })
    })
}

/// How the scores of many units are spread, for units that have no grid.
pub(super) fn histogram(scored: &Scored) -> Option<Picture> {
    let scores: Vec<f32> = scored
        .units
        .iter()
        .map(|(_, score)| *score as f32)
        .collect();
    (scores.len() >= ENOUGH).then(|| {
        let title = format!("{} · {}, units by score", scored.model, scored.concept);
        Picture::Histogram(Histogram::of(title, &scores, BARS))
    })
}
