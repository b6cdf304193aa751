//! A checkpoint's preprocessing as a whole: resize, crop, normalise.

use image::RgbImage;

use super::framing::{Crop, Resize};
use crate::vision::resample::{Filter, resize};

/// A checkpoint's preprocessing.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocess {
    resize: Resize,
    filter: Filter,
    crop: Option<Crop>,
    mean: [f64; 3],
    std: [f64; 3],
    /// What each of the 256 byte values becomes, channel by channel.
    levels: Vec<[f32; 256]>,
}

impl Preprocess {
    pub(super) fn new(
        resize: Resize,
        filter: Filter,
        crop: Option<Crop>,
        rescale: Option<f64>,
        mean: [f64; 3],
        std: [f64; 3],
    ) -> Self {
        let level = |byte: usize, channel: usize| {
            let value = match rescale {
                Some(factor) if factor == 1.0 / 255.0 => byte as f32 / 255.0,
                Some(factor) => (byte as f64 * factor) as f32,
                None => byte as f32,
            };
            (value - mean[channel] as f32) / std[channel] as f32
        };
        let levels = |channel| std::array::from_fn(|byte| level(byte, channel));
        Self {
            resize,
            filter,
            crop,
            mean,
            std,
            levels: (0..3).map(levels).collect(),
        }
    }

    /// Height and width of what comes out, where it doesn't depend on the image.
    #[must_use]
    pub fn output(&self) -> Option<(usize, usize)> {
        match (self.crop, self.resize) {
            (Some(crop), _) => Some((crop.height, crop.width)),
            (None, Resize::Exact(height, width)) => Some((height, width)),
            (None, _) => None,
        }
    }

    /// The image resized and cropped, still in bytes: what the model sees.
    #[must_use]
    pub fn framed(&self, image: &RgbImage) -> RgbImage {
        let (height, width) = self
            .resize
            .target(image.height() as usize, image.width() as usize);
        match self.crop {
            Some(crop) => crop.of(image, (height, width), self.filter),
            None => resize(image, height, width, self.filter),
        }
    }

    /// The numbers that go into the model, `[3, H, W]`.
    #[must_use]
    pub fn apply(&self, image: &RgbImage) -> Vec<f32> {
        let framed = self.framed(image);
        let bytes = framed.as_raw();
        let channel = |(channel, levels): (usize, &[f32; 256])| {
            let values = bytes[channel..].iter().step_by(3);
            values
                .map(|byte| levels[usize::from(*byte)])
                .collect::<Vec<f32>>()
        };
        self.levels.iter().enumerate().flat_map(channel).collect()
    }

    /// Mean and standard deviation by channel, of values from 0 to 1.
    #[must_use]
    pub fn statistics(&self) -> ([f64; 3], [f64; 3]) {
        (self.mean, self.std)
    }

    /// All of it in one line, for manifests and fingerprints.
    #[must_use]
    pub fn describe(&self) -> String {
        let filter = self.filter.word();
        let resize = match self.resize {
            Resize::None => "as it is".to_owned(),
            Resize::Shorter(side) => format!("shorter side to {side}, {filter}"),
            Resize::Exact(height, width) => format!("to {height} × {width}, {filter}"),
            Resize::Cover(height, width) => format!("covering {height} × {width}, {filter}"),
            Resize::Fit(height, width) => format!("within {height} × {width}, {filter}"),
        };
        let crop = self.crop.map(|crop| crop.to_string()).unwrap_or_default();
        format!("{resize}{crop}; mean {:?}, std {:?}", self.mean, self.std)
    }
}
