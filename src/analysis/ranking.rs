//! Rankings of units.

use std::cmp::Ordering;

use super::group::Group;

/// A unit's place in a ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// Which unit, by position.
    pub unit: usize,
    /// Its score.
    pub score: f64,
}

/// Units by descending score; equal scores in component order. A score that is not a number counts as 0, like a unit
/// that does not vary.
#[must_use]
pub fn rank(units: &[Group], scores: &[f64]) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = scores
        .iter()
        .enumerate()
        .map(|(unit, &score)| Ranked {
            unit,
            score: if score.is_nan() { 0.0 } else { score },
        })
        .collect();
    let first = |unit: usize| units[unit].components.iter().min();
    ranked.sort_by(|a, b| {
        let by_score = b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal);
        by_score.then_with(|| (first(a.unit), a.unit).cmp(&(first(b.unit), b.unit)))
    });
    ranked
}

/// How specific each score is: r(f) − max(0, max over the other features of r), per unit (outer) and feature (inner).
///
/// Ranks first the units that carry a feature and none of the others it is compared with.
#[must_use]
pub fn specific(scores: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let of_unit = |unit: &Vec<f64>| {
        let others = |f: usize| {
            let rest = unit.iter().enumerate().filter(|&(g, _)| g != f);
            rest.map(|(_, &r)| r).fold(0.0, f64::max)
        };
        unit.iter()
            .enumerate()
            .map(|(f, r)| r - others(f))
            .collect()
    };
    scores.iter().map(of_unit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_keep_component_order_and_nothing_is_nan() {
        let unit = |name: &str, components: &[usize]| Group {
            name: name.to_owned(),
            components: components.to_vec(),
        };
        let units = [
            unit("late", &[5, 6]),
            unit("early", &[0]),
            unit("broken", &[1]),
            unit("best", &[9]),
            unit("worst", &[2]),
        ];
        let order: Vec<usize> = rank(&units, &[0.5, 0.5, f64::NAN, 0.9, -0.1])
            .iter()
            .map(|r| r.unit)
            .collect();
        assert_eq!(order, [3, 1, 0, 2, 4]);
    }

    #[test]
    fn specific_subtracts_the_best_other_feature_but_never_adds() {
        let found = specific(&[vec![0.8, 0.3, -0.2], vec![0.1, -0.4, -0.5]]);
        let want = [[0.5, -0.5, -1.0], [0.1, -0.5, -0.6]];
        for (f, w) in found.iter().flatten().zip(want.iter().flatten()) {
            assert!((f - w).abs() < 1e-12);
        }
    }
}
