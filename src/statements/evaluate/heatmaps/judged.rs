//! What a heat map of one image, and a centre prior, reach against its true mask.

use crate::analysis::{Counts, Grid, average_precision, centre_prior, saliency, threshold};
use crate::desk::models::token_maps::of_set::Mapped;

/// The measures, by name.
pub(super) const MEASURES: [&str; 5] = [
    "pointing_game",
    "pixel_accuracy",
    "foreground_iou",
    "two_class_miou",
    "average_precision",
];

/// What a map and the prior reach on one image.
pub(super) struct Judged {
    /// The measures of the map.
    pub map: [f64; 5],
    /// The map of the same image for another text.
    pub other: Option<[f64; 5]>,
    /// Those of the prior.
    pub prior: [f64; 5],
}

impl Judged {
    /// Nothing for an image without a mask, or with an empty one.
    pub fn of(found: Mapped) -> Option<Self> {
        let truth = found.truth?;
        let prior = centre_prior(found.pixels.rows, found.pixels.cols);
        Some(Self {
            map: measures(&found.pixels, &truth)?,
            other: found.other.and_then(|other| measures(&other, &truth)),
            prior: measures(&prior, &truth)?,
        })
    }
}

/// The measures of one map, in the order of [`MEASURES`].
fn measures(map: &Grid, truth: &[bool]) -> Option<[f64; 5]> {
    let (row, col, _) = map.peak();
    let salient = saliency(map);
    let threshold = threshold(&salient);
    let mask: Vec<bool> = salient.iter().map(|&value| value > threshold).collect();
    let counts = Counts::of(&mask, truth);
    Some([
        f64::from(u8::from(truth[row * map.cols + col])),
        counts.accuracy(),
        counts.foreground_iou(),
        counts.mean_iou(),
        average_precision(&salient, truth)?,
    ])
}
