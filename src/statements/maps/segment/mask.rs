//! The mask of an image, in numbers and as it is shown.

use image::{Rgb, RgbImage};

use crate::analysis::{Counts, average_precision, bounding_box, saliency, threshold};
use crate::desk::models::token_maps::of_set::{MapSet, Mapped};
use crate::interface::answer::Captioned;
use crate::picture::outline::outline;

/// Colours of a mask's outline and of the true one's.
const FOUND: Rgb<u8> = Rgb([255, 40, 160]);
const TRUE: Rgb<u8> = Rgb([60, 230, 60]);

/// An image's mask, in numbers.
pub(super) struct Segmented {
    /// The image.
    pub row: usize,
    /// Share of the image that the mask covers.
    pub area: f64,
    /// In shares of the largest value.
    pub threshold: f64,
    /// Top, left, bottom and right.
    pub bounds: Option<[usize; 4]>,
    /// Against the true mask.
    pub counts: Option<Counts>,
    /// Likewise.
    pub average_precision: Option<f64>,
    /// The image with the outlines of its masks, if it is to be shown.
    shown: Option<RgbImage>,
}

impl Segmented {
    /// The mask that a map makes.
    pub fn of(row: usize, found: Mapped, shown: bool) -> Self {
        let salient = saliency(&found.pixels);
        let threshold = threshold(&salient);
        let mask: Vec<bool> = salient.iter().map(|&value| value > threshold).collect();
        let truth = found.truth.as_ref();
        let inside = mask.iter().filter(|inside| **inside).count();
        let shown = shown.then(|| {
            let mut image = found.seen;
            if let Some(truth) = truth {
                outline(&mut image, truth, TRUE);
            }
            outline(&mut image, &mask, FOUND);
            image
        });
        Self {
            row,
            area: inside as f64 / mask.len().max(1) as f64,
            threshold,
            bounds: bounding_box(&mask, found.pixels.cols),
            counts: truth.map(|truth| Counts::of(&mask, truth)),
            average_precision: truth.and_then(|truth| average_precision(&salient, truth)),
            shown,
        }
    }
}

/// The images that are shown, each with its number.
pub(super) fn pictures(masks: &mut [Segmented], mapped: &MapSet) -> Vec<Captioned> {
    let caption = |mask: &Segmented| {
        let name = format!("{}[{}]", mapped.set.name(), mask.row);
        match mask.counts {
            Some(counts) => format!("{name} iou {:.2}", counts.foreground_iou()),
            None => format!("{name} area {:.2}", mask.area),
        }
    };
    let shown = masks.iter_mut().filter_map(|mask| {
        let image = mask.shown.take()?;
        let caption = caption(mask);
        Some(Captioned { image, caption })
    });
    shown.collect()
}
