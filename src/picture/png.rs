//! The pictures of an answer as one image, for a file. There is no font in it: images and coloured grids, no words.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};

use super::{colormap, unit_grid};
use crate::interface::answer::{Captioned, Picture, UnitGrid};

/// Pixels along a unit of a grid, between images, and between pictures.
const UNIT: u32 = 24;
const GAP: u32 = 8;

/// Images in a row.
const PER_ROW: usize = 4;

/// The sides of images: small ones are enlarged, unsmoothed, to be seen at all; none is larger than the second.
const SMALLEST: u32 = 128;
const LARGEST: u32 = 512;

const PAPER: Rgb<u8> = Rgb([255; 3]);

/// Images and grids below one another on white; nothing if the answer has none (charts mean nothing without words).
#[must_use]
pub fn render(pictures: &[Picture]) -> Option<RgbImage> {
    let drawn = |picture: &Picture| match picture {
        Picture::Images(images) if !images.is_empty() => Some(side_by_side(images)),
        Picture::UnitGrid(grid) if grid.rows * grid.cols > 0 => Some(units(grid)),
        _ => None,
    };
    let parts: Vec<RgbImage> = pictures.iter().filter_map(drawn).collect();
    let width = parts.iter().map(RgbImage::width).max()?;
    let heights = parts.iter().map(|part| part.height() + GAP);
    let mut page = RgbImage::from_pixel(width, heights.sum::<u32>() - GAP, PAPER);
    let mut top = 0;
    for part in &parts {
        imageops::replace(&mut page, part, 0, i64::from(top));
        top += part.height() + GAP;
    }
    Some(page)
}

fn side_by_side(images: &[Captioned]) -> RgbImage {
    let sides = images.iter().map(|i| i.image.width().max(i.image.height()));
    let side = sides.max().unwrap_or(0).clamp(SMALLEST, LARGEST);
    let columns = images.len().min(PER_ROW) as u32;
    let rows = images.len().div_ceil(PER_ROW) as u32;
    let length = |count: u32| count * (side + GAP) - GAP;
    let mut page = RgbImage::from_pixel(length(columns), length(rows), PAPER);
    for (at, captioned) in images.iter().enumerate() {
        let (width, height) = captioned.image.dimensions();
        if width == 0 || height == 0 {
            continue;
        }
        let scale = f64::from(side) / f64::from(width.max(height));
        let pixels = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let filter = if scale > 1.0 {
            FilterType::Nearest
        } else {
            FilterType::Triangle
        };
        let tile = imageops::resize(&captioned.image, pixels(width), pixels(height), filter);
        let place = |count: usize| (count as i64) * i64::from(side + GAP);
        imageops::replace(&mut page, &tile, place(at % PER_ROW), place(at / PER_ROW));
    }
    page
}

/// A square per unit, white where there is none.
fn units(grid: &UnitGrid) -> RgbImage {
    RgbImage::from_fn(grid.cols as u32 * UNIT, grid.rows as u32 * UNIT, |x, y| {
        let (row, col) = ((y / UNIT) as usize, (x / UNIT) as usize);
        let value = grid.values.get(row * grid.cols + col).copied().flatten();
        let value = value.filter(|value| !value.is_nan());
        value.map_or(PAPER, |value| {
            Rgb(colormap::diverging(unit_grid::position(grid, value)))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::answer::Histogram;

    fn grid() -> Picture {
        Picture::UnitGrid(UnitGrid {
            model: "m".into(),
            rows: 2,
            cols: 3,
            values: vec![Some(1.0), Some(-1.0), None, Some(0.0), None, Some(0.5)],
            low: -1.0,
            high: 1.0,
            row_labels: Vec::new(),
            col_labels: Vec::new(),
        })
    }

    fn images(count: u8) -> Picture {
        let image = |n| Captioned {
            image: RgbImage::from_pixel(256, 128, Rgb([n, 0, 0])),
            caption: String::new(),
        };
        Picture::Images((0..count).map(image).collect())
    }

    #[test]
    fn every_unit_has_the_colour_of_its_value() {
        let page = render(&[grid()]).unwrap();
        assert_eq!(page.dimensions(), (3 * UNIT, 2 * UNIT));
        let unit = |col: u32, row: u32| page.get_pixel(col * UNIT + 9, row * UNIT + 9).0;
        assert_eq!(unit(0, 0), colormap::diverging(1.0));
        assert_eq!(unit(1, 0), colormap::diverging(-1.0));
        assert_eq!(unit(2, 0), PAPER.0);
        assert_eq!(unit(0, 1), colormap::diverging(0.0));
        assert_eq!(unit(2, 1), colormap::diverging(0.5));
    }

    #[test]
    fn images_stand_in_rows_of_four_and_pictures_below_one_another() {
        let page = render(&[images(5), grid()]).unwrap();
        let side = 256 + GAP;
        assert_eq!(page.dimensions(), (4 * side - GAP, 2 * side + 2 * UNIT));
        for n in 0..5u8 {
            let (x, y) = (u32::from(n) % 4 * side, u32::from(n) / 4 * side);
            assert_eq!(page.get_pixel(x + 200, y + 100).0, [n, 0, 0]);
            assert_eq!(page.get_pixel(x + 200, y + 200).0, PAPER.0);
        }
    }

    #[test]
    fn charts_alone_are_no_picture() {
        let chart = Picture::Histogram(Histogram::of("x", &[1.0, 2.0], 2));
        assert_eq!(render(&[chart, Picture::Images(Vec::new())]), None);
        assert_eq!(render(&[]), None);
    }
}
