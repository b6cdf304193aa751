//! From an image to what its model was trained on: resize, crop, normalise, exactly as the checkpoint's config says.
//!
//! timm describes it in `pretrained_cfg` and does it with torchvision, as open_clip does; transformers in
//! `preprocessor_config.json`, with its own functions. They differ in details of rounding, which are kept.

mod defaults;
pub(super) mod described;

use std::fmt;

use image::{DynamicImage, RgbImage};

use crate::vision::resample::{Filter, resize};

/// How the image is brought to size.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Resize {
    /// Not at all.
    None,
    /// The shorter side becomes so long, the other follows.
    Shorter(usize),
    /// To (height, width), whatever the shape was.
    Exact(usize, usize),
    /// The shape is kept, the image just covers (height, width).
    Cover(usize, usize),
    /// The shape is kept, the image just fits into (height, width).
    Fit(usize, usize),
}

/// Whose rounding a centre crop follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rounding {
    /// torchvision: half a pixel is rounded to the even place, padding starts with the smaller half.
    Torchvision,
    /// transformers: half a pixel is cut off, padding starts with the larger half.
    Transformers,
}

/// A centre crop; where the image is smaller, `fill` surrounds it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Crop {
    height: usize,
    width: usize,
    fill: [u8; 3],
    rounding: Rounding,
}

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
    fn new(
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
        let resized = resize(image, height, width, self.filter);
        match self.crop {
            Some(crop) => crop.apply(&resized),
            None => resized,
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

impl fmt::Display for Crop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.rounding {
            Rounding::Torchvision => "torchvision",
            Rounding::Transformers => "transformers",
        };
        write!(
            f,
            "; centre {} × {} ({whose}), filled with {:?}",
            self.height, self.width, self.fill
        )
    }
}

impl Resize {
    /// The size that an image of `height` and `width` is brought to.
    fn target(self, height: usize, width: usize) -> (usize, usize) {
        let ratio = |to: (usize, usize)| (height as f64 / to.0 as f64, width as f64 / to.1 as f64);
        let divided = |by: f64| {
            let side = |side: usize| ((side as f64 / by).round_ties_even() as usize).max(1);
            (side(height), side(width))
        };
        match self {
            Self::None => (height, width),
            Self::Exact(height, width) => (height, width),
            // torchvision truncates the longer side
            Self::Shorter(side) if height <= width => (side, (side * width / height).max(1)),
            Self::Shorter(side) => ((side * height / width).max(1), side),
            Self::Cover(to_height, to_width) => {
                let (down, across) = ratio((to_height, to_width));
                divided(down.min(across))
            }
            Self::Fit(to_height, to_width) => {
                let (down, across) = ratio((to_height, to_width));
                divided(down.max(across))
            }
        }
    }
}

impl Crop {
    /// The middle of `image`, padded where it is smaller.
    fn apply(self, image: &RgbImage) -> RgbImage {
        let rows = self.origin(image.height() as usize, self.height);
        let columns = self.origin(image.width() as usize, self.width);
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let (x, y) = (i64::from(x) + columns, i64::from(y) + rows);
            let inside = (0..i64::from(image.width())).contains(&x)
                && (0..i64::from(image.height())).contains(&y);
            if inside {
                *image.get_pixel(x as u32, y as u32)
            } else {
                image::Rgb(self.fill)
            }
        })
    }

    /// Where in an axis of `size` the crop of `cut` begins; negative where the image is padded.
    fn origin(self, size: usize, cut: usize) -> i64 {
        let (size, cut) = (size as i64, cut as i64);
        match self.rounding {
            Rounding::Torchvision if cut > size => -((cut - size) / 2),
            Rounding::Torchvision => ((size - cut) as f64 / 2.0).round_ties_even() as i64,
            Rounding::Transformers if cut > size => (size - cut).div_euclid(2),
            Rounding::Transformers => (size - cut) / 2,
        }
    }
}

/// A decoded image as Pillow's `convert("RGB")` makes it: transparency dropped, the high byte of 16-bit channels kept.
///
/// 16-bit grey differs on purpose: Pillow cuts it off at 255, which turns nearly all of such an image white.
#[must_use]
pub fn to_rgb(image: DynamicImage) -> RgbImage {
    let high = |sample: u16| (sample >> 8) as u8;
    match image {
        DynamicImage::ImageRgb16(wide) => {
            let bytes = wide.as_raw().iter().map(|sample| high(*sample)).collect();
            RgbImage::from_raw(wide.width(), wide.height(), bytes)
                .expect("as many samples as before")
        }
        DynamicImage::ImageRgba16(wide) => {
            RgbImage::from_fn(wide.width(), wide.height(), |x, y| {
                let [red, green, blue, _] = wide.get_pixel(x, y).0;
                image::Rgb([red, green, blue].map(high))
            })
        }
        DynamicImage::ImageLumaA16(wide) => {
            RgbImage::from_fn(wide.width(), wide.height(), |x, y| {
                image::Rgb([high(wide.get_pixel(x, y).0[0]); 3])
            })
        }
        DynamicImage::ImageLuma16(wide) => {
            RgbImage::from_fn(wide.width(), wide.height(), |x, y| {
                image::Rgb([high(wide.get_pixel(x, y).0[0]); 3])
            })
        }
        other => other.to_rgb8(),
    }
}
