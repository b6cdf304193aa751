//! The table of heat maps against masks: a row per concept and measure.

use polars::prelude::{Column, NamedFrom, Series};

use super::judged::{Judged, MEASURES};
use crate::desk::tables::columns::{numbers, texts};
use crate::desk::units::random_components::mean_and_sd;

/// Standard errors to either side of a mean that hold 95 % of a normal distribution.
const NORMAL_95: f64 = 1.96;

/// The means of each measure over images, `[concept][image]`, and the difference that the map makes to the prior.
pub(super) fn columns(names: &[String], judged: &[Vec<Judged>]) -> Vec<Column> {
    let cells: Vec<(usize, usize)> = (0..names.len())
        .flat_map(|concept| (0..MEASURES.len()).map(move |measure| (concept, measure)))
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let of = |pick: &dyn Fn(&Judged, usize) -> f64| -> Vec<Vec<f64>> {
        let values = |&(concept, measure): &(usize, usize)| {
            judged[concept]
                .iter()
                .map(|one| pick(one, measure))
                .collect()
        };
        cells.iter().map(values).collect()
    };
    let means = |of: &[Vec<f64>]| -> Vec<f64> { of.iter().map(|values| mean(values)).collect() };
    let differences = of(&|one, m| one.map[m] - one.prior[m]);
    let reach = differences.iter().map(|values| {
        let (_, sd) = mean_and_sd(values);
        NORMAL_95 * sd / (values.len() as f64).sqrt()
    });
    let reach: Vec<f64> = reach.collect();
    let middle = means(&differences);
    let edge = |side: f64| -> Vec<f64> {
        let pairs = middle.iter().zip(&reach);
        pairs.map(|(middle, reach)| middle + side * reach).collect()
    };
    let mut columns = vec![texts("measure", cells.iter().map(|&(_, m)| MEASURES[m]))];
    if names.len() > 1 {
        columns.insert(0, texts("concept", cells.iter().map(|&(c, _)| &names[c])));
    }
    columns.push(numbers("heat_map", means(&of(&|one, m| one.map[m]))));
    if judged.iter().flatten().any(|one| one.other.is_some()) {
        let other = |&(concept, measure): &(usize, usize)| {
            let known = judged[concept]
                .iter()
                .filter_map(|one| Some(one.other?[measure]));
            let known: Vec<f64> = known.collect();
            (!known.is_empty()).then(|| mean(&known))
        };
        let other: Vec<Option<f64>> = cells.iter().map(other).collect();
        columns.push(Series::new("other_text".into(), other).into());
    }
    columns.extend([
        numbers("centre_prior", means(&of(&|one, m| one.prior[m]))),
        numbers("difference", middle.clone()),
        numbers("low", edge(-1.0)),
        numbers("high", edge(1.0)),
    ]);
    columns
}
