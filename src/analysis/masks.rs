//! Masks: from a map to a mask, and how well it fits a true one.

use super::token_maps::Grid;

/// What lies above 0, in shares of the largest value; all zeros where nothing does.
#[must_use]
pub fn saliency(map: &Grid) -> Vec<f64> {
    let largest = map.values.iter().copied().fold(0.0, f64::max);
    let share = |value: &f64| match largest > 0.0 {
        true => value.max(0.0) / largest,
        false => 0.0,
    };
    map.values.iter().map(share).collect()
}

/// The published threshold of a saliency: its mean. The mask is what lies above.
#[must_use]
pub fn threshold(saliency: &[f64]) -> f64 {
    saliency.iter().sum::<f64>() / saliency.len().max(1) as f64
}

/// Pixels of a mask and of the true one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In both.
    pub both: usize,
    /// In the mask alone.
    pub mask_only: usize,
    /// In the true mask alone.
    pub truth_only: usize,
    /// In neither.
    pub neither: usize,
}

impl Counts {
    /// Counts the pixels of two masks of one size.
    #[must_use]
    pub fn of(mask: &[bool], truth: &[bool]) -> Self {
        let mut counts = Self::default();
        for pair in mask.iter().zip(truth) {
            *match pair {
                (true, true) => &mut counts.both,
                (true, false) => &mut counts.mask_only,
                (false, true) => &mut counts.truth_only,
                (false, false) => &mut counts.neither,
            } += 1;
        }
        counts
    }

    /// Adds the pixels of another image.
    pub fn add(&mut self, other: Self) {
        self.both += other.both;
        self.mask_only += other.mask_only;
        self.truth_only += other.truth_only;
        self.neither += other.neither;
    }

    /// Share of the pixels on which the masks agree.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let wrong = self.mask_only + self.truth_only;
        share(self.both + self.neither, self.both + self.neither + wrong)
    }

    /// Intersection over union of the foregrounds; 1 where both are empty.
    #[must_use]
    pub fn foreground_iou(&self) -> f64 {
        share(self.both, self.both + self.mask_only + self.truth_only)
    }

    /// Mean of the intersections over unions of foreground and background.
    #[must_use]
    pub fn mean_iou(&self) -> f64 {
        let background = share(
            self.neither,
            self.neither + self.mask_only + self.truth_only,
        );
        (self.foreground_iou() + background) / 2.0
    }
}

fn share(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 1.0,
        whole => part as f64 / whole as f64,
    }
}

/// Average precision of scores for telling which pixels are in the true mask: Σ (recall gained) · precision, down the
/// scores, equal scores taken together (scikit-learn's `average_precision_score`). Nothing where the mask is empty.
#[must_use]
pub fn average_precision(scores: &[f64], truth: &[bool]) -> Option<f64> {
    let positives = truth.iter().filter(|inside| **inside).count();
    if positives == 0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut found, mut seen, mut sum) = (0, 0, 0.0);
    for equal in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let hits = equal.iter().filter(|&&pixel| truth[pixel]).count();
        found += hits;
        seen += equal.len();
        sum += hits as f64 * found as f64 / seen as f64;
    }
    Some(sum / positives as f64)
}

/// The map of someone who always points at the middle: 1 there, falling off evenly to 0 in the corners.
#[must_use]
pub fn centre_prior(rows: usize, cols: usize) -> Grid {
    let (middle_row, middle_col) = ((rows as f64 - 1.0) / 2.0, (cols as f64 - 1.0) / 2.0);
    let furthest = middle_row.hypot(middle_col).max(1.0);
    let value = |cell: usize| {
        let (row, col) = ((cell / cols) as f64, (cell % cols) as f64);
        1.0 - (row - middle_row).hypot(col - middle_col) / furthest
    };
    Grid {
        rows,
        cols,
        values: (0..rows * cols).map(value).collect(),
    }
}

/// The first and last row and column of a mask, all inclusive: top, left, bottom, right. Nothing if it is empty.
#[must_use]
pub fn bounding_box(mask: &[bool], cols: usize) -> Option<[usize; 4]> {
    let inside = || (0..mask.len()).filter(|&cell| mask[cell]);
    Some([
        inside().map(|cell| cell / cols).min()?,
        inside().map(|cell| cell % cols).min()?,
        inside().map(|cell| cell / cols).max()?,
        inside().map(|cell| cell % cols).max()?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_what_lies_above_the_mean_of_the_positive_part() {
        let map = Grid {
            rows: 1,
            cols: 4,
            values: vec![-8.0, 1.0, 2.0, 4.0],
        };
        let saliency = saliency(&map);
        assert_eq!(saliency, [0.0, 0.25, 0.5, 1.0]);
        assert_eq!(threshold(&saliency), 1.75 / 4.0);
        let nothing = Grid {
            values: vec![-1.0; 4],
            ..map
        };
        assert_eq!(super::saliency(&nothing), [0.0; 4]);
    }

    #[test]
    fn counts_give_the_measures_by_their_definitions() {
        let t = [true, true, true, false, false, false, false, false];
        let m = [true, true, false, true, false, false, false, false];
        let counts = Counts::of(&m, &t);
        assert_eq!(counts.accuracy(), 6.0 / 8.0);
        assert_eq!(counts.foreground_iou(), 2.0 / 4.0);
        assert_eq!(counts.mean_iou(), (2.0 / 4.0 + 4.0 / 6.0) / 2.0);
        let empty = Counts::of(&[false; 3], &[false; 3]);
        assert_eq!((empty.foreground_iou(), empty.mean_iou()), (1.0, 1.0));
    }

    #[test]
    fn average_precision_is_the_area_under_the_steps() {
        // scikit-learn's own example, and one with ties worked out by hand.
        let scores = [0.1, 0.4, 0.35, 0.8];
        let truth = [false, false, true, true];
        let found = average_precision(&scores, &truth).unwrap();
        assert!((found - 0.833_333_333_333).abs() < 1e-9);
        let tied = average_precision(&[1.0, 1.0, 0.0, 0.0], &[true, false, true, false]);
        assert_eq!(tied, Some(0.5 * 0.5 + 0.5 * 0.5));
        assert_eq!(average_precision(&[1.0], &[false]), None);
    }

    #[test]
    fn the_prior_points_at_the_middle() {
        let prior = centre_prior(5, 7);
        assert_eq!(prior.peak(), (2, 3, 1.0));
        assert!(prior.values[0].abs() < 1e-12);
    }

    #[test]
    fn a_box_holds_its_mask_and_nothing_more() {
        let mut mask = vec![false; 12];
        mask[5] = true;
        mask[10] = true;
        assert_eq!(bounding_box(&mask, 4), Some([1, 1, 2, 2]));
        assert_eq!(bounding_box(&[false; 4], 2), None);
    }
}
