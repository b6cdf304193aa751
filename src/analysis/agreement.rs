//! How alike two rankings are, and between which values most of some numbers lie.

/// Spearman's rank correlation of two lists of scores for the same units, ties sharing the mean of their ranks; nothing
/// where either is constant or there are fewer than two.
#[must_use]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let spread = dot(&a, &a) * dot(&b, &b);
    (spread > 0.0).then(|| (dot(&a, &b) / spread.sqrt()).clamp(-1.0, 1.0))
}

/// Share of the `count` highest scores that two lists have in common; equal scores in list order.
#[must_use]
pub fn overlap(a: &[f64], b: &[f64], count: usize) -> f64 {
    let highest = |scores: &[f64]| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
        order.truncate(count);
        order
    };
    let (a, b) = (highest(a), highest(b));
    let common = a.iter().filter(|unit| b.contains(unit)).count();
    common as f64 / a.len().max(1) as f64
}

/// The place of every score, the highest first, from 1; equal scores in list order.
#[must_use]
pub fn places(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
    let mut places = vec![0; scores.len()];
    for (place, unit) in (1..).zip(order) {
        places[unit] = place;
    }
    places
}

/// The values between which the middle `share` of some numbers lies, interpolated; nothing without numbers.
#[must_use]
pub fn interval(mut values: Vec<f64>, share: f64) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |quantile: f64| {
        let place = quantile * last as f64;
        let (below, above) = (
            values[place.floor() as usize],
            values[place.ceil() as usize],
        );
        below + (above - below) * place.fract()
    };
    let tail = (1.0 - share) / 2.0;
    Some((at(tail), at(1.0 - tail)))
}

/// Ranks minus their mean; ties share theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |x: f64| values.iter().filter(|v| **v < x).count() as f64;
    let equal = |x: f64| values.iter().filter(|v| **v == x).count() as f64;
    let middle = (values.len() as f64 - 1.0) / 2.0;
    values
        .iter()
        .map(|&x| below(x) + (equal(x) - 1.0) / 2.0 - middle)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_correlation_is_that_of_average_ranks() {
        // Pearson correlation (Python, statistics.correlation) of the average ranks of both lists.
        let found = spearman(&[1., 2., 2., 5., 4.], &[3., 1., 4., 4., 9.]).expect("both vary");
        assert!((found - 0.605_263_157_894_736_8).abs() < 1e-12, "{found}");
        assert_eq!(spearman(&[1., 1.], &[1., 2.]), None);
        assert_eq!(spearman(&[1., 2., 9.], &[-3., -1., 0.]), Some(1.0));
    }

    #[test]
    fn overlap_counts_what_both_rank_high() {
        let a = [0.9, 0.8, 0.1, 0.0];
        assert_eq!(overlap(&a, &[0.0, 0.8, 0.9, 0.1], 2), 0.5);
        assert_eq!(overlap(&a, &a, 9), 1.0);
        assert_eq!(places(&[0.1, 0.9, 0.1]), [2, 1, 3]);
    }

    #[test]
    fn intervals_are_numpys_quantiles() {
        // numpy.quantile(range(11), [0.05, 0.95])
        let values = (0..11).rev().map(f64::from).collect();
        let (low, high) = interval(values, 0.9).expect("numbers");
        assert!((low - 0.5).abs() < 1e-12 && (high - 9.5).abs() < 1e-12);
        assert_eq!(interval(Vec::new(), 0.9), None);
    }
}
