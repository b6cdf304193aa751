//! How an image is brought to the model's size: resized, then cropped at its centre.

use std::fmt;

use image::{RgbImage, imageops};

use crate::vision::resample::{Filter, resize_part};

/// How the image is brought to size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Resize {
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
pub(super) enum Rounding {
    /// torchvision: half a pixel is rounded to the even place, padding starts with the smaller half.
    Torchvision,
    /// transformers: half a pixel is cut off, padding starts with the larger half.
    Transformers,
}

/// A centre crop; where the image is smaller, `fill` surrounds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crop {
    pub height: usize,
    pub width: usize,
    pub fill: [u8; 3],
    pub rounding: Rounding,
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
    pub(super) fn target(self, height: usize, width: usize) -> (usize, usize) {
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
    /// The middle of `image` at another size, padded where that is smaller. What lies outside is not computed: of a
    /// picture far longer than wide it would fill all memory.
    pub(super) fn of(
        self,
        image: &RgbImage,
        (height, width): (usize, usize),
        filter: Filter,
    ) -> RgbImage {
        let (down, right) = (
            self.origin(height, self.height),
            self.origin(width, self.width),
        );
        let part = |origin: i64, size: usize, cut: usize| {
            let end = (origin + cut as i64).min(size as i64);
            origin.max(0) as usize..end as usize
        };
        let (rows, columns) = (
            part(down, height, self.height),
            part(right, width, self.width),
        );
        let seen = resize_part(image, (height, width), filter, rows, columns);
        if seen.dimensions() == (self.width as u32, self.height as u32) {
            return seen;
        }
        let filled = image::Rgb(self.fill);
        let mut framed = RgbImage::from_pixel(self.width as u32, self.height as u32, filled);
        imageops::replace(&mut framed, &seen, (-right).max(0), (-down).max(0));
        framed
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
