//! Two rankings held against each other.

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use crate::analysis::{interval, overlap, spearman};
use crate::desk::DeskError;
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::units::resampling::SHARE;
use crate::lang::query::Unit;

/// A ranking, and the same on resampled images.
pub(super) struct Ranking {
    /// What tells it apart from the others: its concept, its model or both.
    pub name: String,
    /// The images.
    pub set: String,
    /// The units.
    pub units: Vec<Unit>,
    /// The score of each.
    pub scores: Vec<f64>,
    /// Scores by draw and unit; nothing where the score can't be resampled.
    pub drawn: Vec<Vec<f64>>,
}

/// Two rankings held against each other.
pub(super) struct Pair<'a> {
    /// The one.
    pub a: &'a Ranking,
    /// The other.
    pub b: &'a Ranking,
    /// How many units both have.
    pub units: usize,
    alike: Option<f64>,
    between: Option<(f64, f64)>,
    overlap: f64,
}

/// Every two of some rankings held against each other, with the overlap of the `top` highest scores.
///
/// # Errors
/// When two share too few units.
pub(super) fn pairs(rankings: &[Ranking], top: usize) -> Result<Vec<Pair<'_>>, DeskError> {
    let mut pairs = Vec::new();
    for (place, a) in rankings.iter().enumerate() {
        for b in &rankings[place + 1..] {
            pairs.push(Pair::of(a, b, top)?);
        }
    }
    Ok(pairs)
}

impl<'a> Pair<'a> {
    fn of(a: &'a Ranking, b: &'a Ranking, top: usize) -> Result<Self, DeskError> {
        let shared: Vec<(usize, usize)> = (a.units.iter().enumerate())
            .filter_map(|(i, unit)| Some((i, b.units.iter().position(|other| other == unit)?)))
            .collect();
        if shared.len() < 2 {
            return Err(DeskError::refused(
                format!("{} and {} share fewer than 2 units", a.name, b.name),
                "compare units that both models have, such as `layers`",
            ));
        }
        let pick = |of_a: &[f64], of_b: &[f64]| -> (Vec<f64>, Vec<f64>) {
            shared.iter().map(|&(i, j)| (of_a[i], of_b[j])).unzip()
        };
        let (mine, theirs) = pick(&a.scores, &b.scores);
        let drawn = a.drawn.iter().zip(&b.drawn).filter_map(|(a, b)| {
            let (mine, theirs) = pick(a, b);
            spearman(&mine, &theirs)
        });
        Ok(Self {
            units: shared.len(),
            alike: spearman(&mine, &theirs),
            between: interval(drawn.collect(), SHARE),
            overlap: overlap(&mine, &theirs, top.min(shared.len())),
            a,
            b,
        })
    }
}

/// One row per pair.
///
/// # Errors
/// None that pairs can cause.
pub(super) fn table(pairs: &[Pair<'_>], top: usize) -> Result<DataFrame, DeskError> {
    let some = |name: &str, of: &dyn Fn(&Pair<'_>) -> Option<f64>| {
        let values: Vec<Option<f64>> = pairs.iter().map(of).collect();
        Column::from(Series::new(name.into(), values))
    };
    Ok(frame(vec![
        texts("a", pairs.iter().map(|pair| &pair.a.name)),
        texts("b", pairs.iter().map(|pair| &pair.b.name)),
        whole("units", pairs.iter().map(|pair| Some(pair.units as u32))),
        some("spearman", &|pair| pair.alike),
        some("low", &|pair| pair.between.map(|(low, _)| low)),
        some("high", &|pair| pair.between.map(|(_, high)| high)),
        numbers(
            &format!("overlap@{top}"),
            pairs.iter().map(|pair| pair.overlap),
        ),
    ])?)
}
