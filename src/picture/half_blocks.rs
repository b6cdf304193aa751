//! A picture in character cells: two pixels per cell with `▀`, or brightness as characters where there is no colour.

use image::RgbImage;
use image::imageops::{self, FilterType};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

/// Characters from empty to full, for terminals without colour.
pub const RAMP: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// `image` stretched to `columns × rows` cells; the upper pixel of a cell is the foreground of `▀`, the lower one its
/// background. `fit::fit` gives the size that does not distort.
#[must_use]
pub fn half_blocks(image: &RgbImage, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let pixels = resized(image, columns, rows * 2);
    let color = |x: usize, y: usize| {
        let [r, g, b] = pixels.get_pixel(x as u32, y as u32).0;
        Color::Rgb(r, g, b)
    };
    (0..rows)
        .map(|row| {
            let cell = |x| Style::new().fg(color(x, 2 * row)).bg(color(x, 2 * row + 1));
            Line::from(runs('▀', (0..columns).map(cell)))
        })
        .collect()
}

/// `image` stretched to `columns × rows` cells, its brightness as characters of [`RAMP`].
#[must_use]
pub fn characters(image: &RgbImage, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let pixels = resized(image, columns, rows);
    let row_of = |y: usize| {
        let character = |x: usize| RAMP[shade(pixels.get_pixel(x as u32, y as u32).0)];
        Line::from((0..columns).map(character).collect::<String>())
    };
    (0..rows).map(row_of).collect()
}

/// The place of a colour in [`RAMP`] by its luma (ITU-R BT.601).
fn shade([r, g, b]: [u8; 3]) -> usize {
    let luma = 299 * usize::from(r) + 587 * usize::from(g) + 114 * usize::from(b);
    luma * RAMP.len() / 255_001
}

/// Pixel for cell: averaged when the picture shrinks, unsmoothed when it grows, so that small maps keep their patches.
fn resized(image: &RgbImage, columns: usize, rows: usize) -> RgbImage {
    let (width, height) = (columns.max(1) as u32, rows.max(1) as u32);
    if image.width() == 0 || image.height() == 0 {
        return RgbImage::new(width, height);
    }
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    let grows = width >= image.width() && height >= image.height();
    let filter = if grows {
        FilterType::Nearest
    } else {
        FilterType::Triangle
    };
    imageops::resize(image, width, height, filter)
}

/// One span per run of equal style: a quarter of the bytes, and of the work, of one span per cell.
pub(super) fn runs(symbol: char, styles: impl Iterator<Item = Style>) -> Vec<Span<'static>> {
    let mut spans: Vec<(String, Style)> = Vec::new();
    for style in styles {
        match spans.last_mut() {
            Some((text, last)) if *last == style => text.push(symbol),
            _ => spans.push((symbol.to_string(), style)),
        }
    }
    spans
        .into_iter()
        .map(|(text, style)| Span::styled(text, style))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// 4×4: row 0 red, row 1 green, row 2 blue, row 3 white, but pixel (3, 2) is yellow.
    fn picture() -> RgbImage {
        RgbImage::from_fn(4, 4, |x, y| match (x, y) {
            (3, 2) => Rgb([255, 255, 0]),
            (_, 0) => Rgb([255, 0, 0]),
            (_, 1) => Rgb([0, 255, 0]),
            (_, 2) => Rgb([0, 0, 255]),
            _ => Rgb([255, 255, 255]),
        })
    }

    fn cells(line: &Line) -> Vec<(char, Option<Color>, Option<Color>)> {
        line.spans
            .iter()
            .flat_map(|s| s.content.chars().map(|c| (c, s.style.fg, s.style.bg)))
            .collect()
    }

    #[test]
    fn every_pixel_is_in_its_half_cell() {
        let lines = half_blocks(&picture(), 4, 2);
        let rgb = |r, g, b| Some(Color::Rgb(r, g, b));
        assert_eq!(cells(&lines[0]), [('▀', rgb(255, 0, 0), rgb(0, 255, 0)); 4]);
        let second = cells(&lines[1]);
        assert_eq!(second[2], ('▀', rgb(0, 0, 255), rgb(255, 255, 255)));
        assert_eq!(second[3], ('▀', rgb(255, 255, 0), rgb(255, 255, 255)));
        assert_eq!(lines[1].spans.len(), 2, "equal cells share a span");
    }

    #[test]
    fn growing_keeps_hard_edges_and_shrinking_averages() {
        let large = half_blocks(&picture(), 8, 4);
        assert_eq!(large.len(), 4);
        let (_, top, bottom) = cells(&large[0])[7];
        assert_eq!((top, bottom), (Some(Color::Rgb(255, 0, 0)), top));
        let dot = half_blocks(&picture(), 1, 1);
        let Some((_, Some(Color::Rgb(r, g, b)), _)) = cells(&dot[0]).first().copied() else {
            panic!("one coloured cell");
        };
        assert!(r > 60 && g > 60 && b < 120, "red over green: {r} {g} {b}");
    }

    #[test]
    fn without_colour_brightness_is_a_character() {
        let ramp = RgbImage::from_fn(
            3,
            1,
            |x, _| Rgb([[0, 0, 0], [128; 3], [255; 3]][x as usize]),
        );
        let lines = characters(&ramp, 3, 1);
        assert_eq!(lines[0].to_string(), " +@");
        assert_eq!(lines[0].style, Style::default());
    }

    #[test]
    fn an_empty_picture_is_black_and_does_not_panic() {
        assert_eq!(half_blocks(&RgbImage::new(0, 0), 3, 2).len(), 2);
        assert!(half_blocks(&picture(), 0, 0).is_empty());
    }
}
