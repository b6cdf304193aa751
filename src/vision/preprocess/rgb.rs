//! Decoded images of any kind of pixel, in three bytes a pixel.

use image::{DynamicImage, RgbImage};

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
