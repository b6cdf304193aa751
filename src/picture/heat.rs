//! A map of values over an image, as an image: where the contribution comes from.

use image::{Rgb, RgbImage};

use super::colormap;

/// Blends `map` (`[rows × cols]`, row by row, patch for patch over the whole image) onto `image`. 0 leaves the image
/// darkened and grey; the strongest value of the map, of either sign, has the full colour of its sign.
///
/// The colours come from the map's own largest absolute value, so two overlays can only be compared within themselves;
/// say the numbers in the caption. A map of zeros, or of the wrong length, shows the grey image alone.
#[must_use]
pub fn overlay(image: &RgbImage, map: &[f32], rows: usize, cols: usize) -> RgbImage {
    let strongest = map
        .iter()
        .filter(|v| v.is_finite())
        .fold(0f32, |most, v| most.max(v.abs()));
    let usable = rows * cols == map.len() && strongest > 0.0;
    let (width, height) = (image.width() as usize, image.height() as usize);
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let Rgb([r, g, b]) = *image.get_pixel(x, y);
        let grey = 0.45 * (0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b));
        let value = if usable {
            let (row, col) = (y as usize * rows / height, x as usize * cols / width);
            map[row * cols + col] / strongest
        } else {
            0.0
        };
        let value = if value.is_finite() { value } else { 0.0 };
        let heat = colormap::diverging(value);
        let weight = 0.75 * value.abs().sqrt();
        Rgb(heat.map(|c| (grey + (f32::from(c) - grey) * weight).round() as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_patch_is_the_warmest_and_lies_where_the_map_says() {
        let image = RgbImage::from_pixel(8, 8, Rgb([100; 3]));
        let mut map = [0.0f32; 16];
        map[4 + 2] = 0.9;
        map[8 + 3] = -0.9;
        let shown = overlay(&image, &map, 4, 4);
        let warmth = |x: u32, y: u32| {
            let [r, _, b] = shown.get_pixel(x, y).0;
            i32::from(r) - i32::from(b)
        };
        for y in 0..8 {
            for x in 0..8 {
                match (x / 2, y / 2) {
                    (2, 1) => assert!(warmth(x, y) > 80),
                    (3, 2) => assert!(warmth(x, y) < -80),
                    _ => assert_eq!(shown.get_pixel(x, y).0, [45; 3]),
                }
            }
        }
    }

    #[test]
    fn a_map_of_zeros_or_of_another_size_shows_the_image_in_grey() {
        let image = RgbImage::from_pixel(2, 2, Rgb([200; 3]));
        let grey = RgbImage::from_pixel(2, 2, Rgb([90; 3]));
        assert_eq!(overlay(&image, &[0.0; 4], 2, 2), grey);
        assert_eq!(overlay(&image, &[1.0; 3], 2, 2), grey);
        assert_eq!(overlay(&image, &[f32::NAN; 4], 2, 2), grey);
        assert_eq!(overlay(&RgbImage::new(0, 0), &[1.0], 1, 1).width(), 0);
    }
}
