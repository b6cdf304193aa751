//! The outline of a mask on an image.

use image::{Rgb, RgbImage};

/// Draws the border of `mask` (`[height × width]` of the image, row by row) in one colour: the pixels inside that have a
/// neighbour outside, or lie at the edge of the image.
pub fn outline(image: &mut RgbImage, mask: &[bool], color: Rgb<u8>) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if mask.len() != width * height {
        return;
    }
    for y in 0..height {
        for x in 0..width {
            let at_edge = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
            let pixel = y * width + x;
            let at_border = || {
                at_edge
                    || !mask[pixel - 1]
                    || !mask[pixel + 1]
                    || !mask[pixel - width]
                    || !mask[pixel + width]
            };
            if mask[pixel] && at_border() {
                image.put_pixel(x as u32, y as u32, color);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_border_is_drawn_and_the_inside_left_alone() {
        let black = RgbImage::new(6, 6);
        let mask: Vec<bool> = (0..36)
            .map(|p| (1..=4).contains(&(p / 6)) && p % 6 >= 2)
            .collect();
        let mut drawn = black.clone();
        outline(&mut drawn, &mask, Rgb([9; 3]));
        for (p, inside) in mask.iter().enumerate() {
            let (x, y) = (p % 6, p / 6);
            let hidden = (3..=4).contains(&x) && (2..=3).contains(&y);
            let lit = drawn.get_pixel(x as u32, y as u32).0 == [9; 3];
            assert_eq!(lit, *inside && !hidden, "{x} {y}");
        }
        let mut same = black.clone();
        outline(&mut same, &mask[1..], Rgb([9; 3]));
        assert_eq!(same, black);
    }
}
