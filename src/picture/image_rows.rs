//! Images side by side with captions under them, as many to a row as the terminal holds.

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::canvas::Canvas;
use super::fit::fit;
use super::graphics::Graphics;
use super::half_blocks::{characters, half_blocks};
use crate::interface::answer::Captioned;
use crate::output::width::{cut_middle, single_line, width};

/// Columns of a thumbnail when there are many, and the most a single one takes.
const THUMBNAIL: usize = 24;
const LARGEST: usize = 48;
const GAP: usize = 2;

/// Draws the images in rows.
#[must_use]
pub fn draw(images: &[Captioned], canvas: Canvas) -> Vec<Line<'static>> {
    let (per_row, columns) = layout(images.len(), canvas);
    let mut lines = Vec::new();
    for (at, row) in images.chunks(per_row).enumerate() {
        if at > 0 {
            lines.push(Line::default());
        }
        let tiles: Vec<Tile> = row.iter().map(|i| Tile::new(i, columns, canvas)).collect();
        side_by_side(&tiles, columns, &mut lines);
    }
    lines
}

/// How many images stand in a row, and how many columns each has.
fn layout(images: usize, canvas: Canvas) -> (usize, usize) {
    let fitting = (canvas.columns + GAP) / (THUMBNAIL + GAP);
    let per_row = fitting.clamp(1, images.max(1));
    let share = (canvas.columns + GAP) / per_row;
    (per_row, share.saturating_sub(GAP).clamp(1, LARGEST))
}

/// One row of images as one picture in pixels, and the captions below it.
///
/// One picture per row rather than one per image: where the cursor stands after a picture differs between terminals,
/// only the line below it is sure.
#[derive(Clone, Debug)]
pub struct Band<'a> {
    /// The images of the row.
    pub images: &'a [Captioned],
    /// All of them side by side.
    pub image: RgbImage,
    /// Columns and rows of cells that the picture takes.
    pub size: (usize, usize),
    /// The captions, each under its image.
    pub captions: Vec<Line<'static>>,
}

/// The images in rows, each row as a picture with at most as many pixels as its cells have.
#[must_use]
pub fn bands<'a>(images: &'a [Captioned], canvas: Canvas, graphics: &Graphics) -> Vec<Band<'a>> {
    let (per_row, columns) = layout(images.len(), canvas);
    let band = |row: &'a [Captioned]| {
        let (image, size) = joined_pixels(row, columns, graphics);
        let tiles: Vec<Tile> = row
            .iter()
            .map(|i| Tile::captions(i, columns, canvas))
            .collect();
        let mut captions = Vec::new();
        side_by_side(&tiles, columns, &mut captions);
        Band {
            images: row,
            image,
            size,
            captions,
        }
    };
    images.chunks(per_row).map(band).collect()
}

/// A row of images on the terminal's background, each at most `columns` wide and half as many cells high.
fn joined_pixels(
    row: &[Captioned],
    columns: usize,
    graphics: &Graphics,
) -> (RgbImage, (usize, usize)) {
    let (wide, high) = (f64::from(graphics.cell.0), f64::from(graphics.cell.1));
    let room = (columns as f64 * wide, (columns.div_ceil(2)) as f64 * high);
    let scaled = |captioned: &Captioned| {
        let (w, h) = captioned.image.dimensions();
        let (w, h) = (f64::from(w.max(1)), f64::from(h.max(1)));
        let scale = (room.0 / w).min(room.1 / h);
        (w * scale, h * scale)
    };
    let highest = row.iter().map(|i| scaled(i).1).fold(1.0, f64::max);
    let cells = (
        row.len() * (columns + GAP) - GAP,
        (highest / high).ceil().max(1.0) as usize,
    );
    let density = graphics.density();
    let pixels = |length: f64| (length * density).round().max(1.0) as u32;
    let mut canvas = RgbImage::from_pixel(
        pixels(cells.0 as f64 * wide),
        pixels(cells.1 as f64 * high),
        Rgb(graphics.background),
    );
    for (at, captioned) in row.iter().enumerate() {
        if captioned.image.width() == 0 || captioned.image.height() == 0 {
            continue;
        }
        let (w, h) = scaled(captioned);
        let left = pixels((at * (columns + GAP)) as f64 * wide);
        let left = if at == 0 { 0 } else { i64::from(left) };
        let tile = imageops::resize(&captioned.image, pixels(w), pixels(h), FilterType::Triangle);
        imageops::replace(&mut canvas, &tile, left, 0);
    }
    (canvas, cells)
}

/// One image with its caption, in lines of at most the thumbnail's width.
struct Tile {
    picture: Vec<Line<'static>>,
    caption: Vec<String>,
}

impl Tile {
    fn new(captioned: &Captioned, columns: usize, canvas: Canvas) -> Self {
        let (w, h) = captioned.image.dimensions();
        let (wide, high) = fit(w, h, columns, columns.div_ceil(2));
        let picture = if canvas.colored {
            half_blocks(&captioned.image, wide, high)
        } else {
            characters(&captioned.image, wide, high)
        };
        Self {
            picture,
            ..Self::captions(captioned, columns, canvas)
        }
    }

    /// The tile without its picture.
    fn captions(captioned: &Captioned, columns: usize, canvas: Canvas) -> Self {
        let ellipsis = if canvas.ascii { "..." } else { "…" };
        let lines = captioned.caption.lines();
        let cut = |line| cut_middle(&single_line(line), columns, ellipsis);
        Self {
            picture: Vec::new(),
            caption: lines.map(cut).collect(),
        }
    }
}

fn side_by_side(tiles: &[Tile], columns: usize, lines: &mut Vec<Line<'static>>) {
    let most = |count: fn(&Tile) -> usize| tiles.iter().map(count).max().unwrap_or(0);
    for row in 0..most(|tile| tile.picture.len()) {
        lines.push(joined(tiles, columns, |tile| {
            let line = tile.picture.get(row)?;
            Some((line.spans.clone(), line.width()))
        }));
    }
    let dim = Style::new().add_modifier(Modifier::DIM);
    for row in 0..most(|tile| tile.caption.len()) {
        lines.push(joined(tiles, columns, |tile| {
            let text = tile.caption.get(row)?;
            Some((vec![Span::styled(text.clone(), dim)], width(text)))
        }));
    }
}

/// One line of every tile, each padded to the thumbnail's width; no blanks at the end.
fn joined(
    tiles: &[Tile],
    columns: usize,
    part: impl Fn(&Tile) -> Option<(Vec<Span<'static>>, usize)>,
) -> Line<'static> {
    let mut spans = Vec::new();
    let mut missing = 0;
    for tile in tiles {
        if let Some((part, wide)) = part(tile) {
            if missing > 0 {
                spans.push(Span::raw(" ".repeat(missing)));
            }
            spans.extend(part);
            missing = columns - wide.min(columns) + GAP;
        } else {
            missing += columns + GAP;
        }
    }
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::color::Depth;
    use crate::picture::protocol::Protocol;
    use ratatui::style::Color;

    fn images(count: u8) -> Vec<Captioned> {
        (0..count)
            .map(|n| Captioned {
                image: RgbImage::from_pixel(64, if n == 1 { 32 } else { 64 }, Rgb([n + 1, 0, 0])),
                caption: format!("scenes[{n}]\na rather long second line for number {n}"),
            })
            .collect()
    }

    const CANVAS: Canvas = Canvas {
        columns: 80,
        colored: true,
        ascii: false,
    };

    #[test]
    fn three_fit_into_eighty_columns_each_in_its_place() {
        let lines = draw(&images(4), CANVAS);
        assert!(lines.iter().all(|line| line.width() <= 80));
        let reds: Vec<Option<Color>> = lines[0].spans.iter().map(|s| s.style.fg).collect();
        let red = |n| Some(Color::Rgb(n, 0, 0));
        assert_eq!(reds, [red(1), None, red(2), None, red(3)]);
        let captions = lines
            .iter()
            .position(|l| l.to_string().starts_with("scenes[0]"));
        assert_eq!(captions, Some(13), "under the highest picture of the row");
        assert!(lines[13].to_string().contains("scenes[2]"));
        assert!(lines[14].to_string().contains('…'));
        assert_eq!(lines[15].width(), 0);
        assert_eq!(
            lines
                .last()
                .unwrap()
                .to_string()
                .matches("number 3")
                .count(),
            1
        );
    }

    #[test]
    fn a_shorter_picture_leaves_its_neighbours_in_place() {
        let lines = draw(&images(3), CANVAS);
        let last_row = &lines[12];
        assert_eq!(last_row.width(), 25 * 3 + 2 * GAP);
        let before: usize = last_row.spans[..2].iter().map(Span::width).sum();
        assert_eq!(before, 2 * (25 + GAP));
    }

    #[test]
    fn any_width_works_and_nothing_is_nothing() {
        for columns in 1..200 {
            let canvas = Canvas { columns, ..CANVAS };
            let lines = draw(&images(3), canvas);
            assert!(
                lines.iter().all(|line| line.width() <= columns),
                "{columns}"
            );
        }
        assert!(draw(&[], CANVAS).is_empty());
    }

    #[test]
    fn without_colour_the_picture_is_characters() {
        let canvas = Canvas {
            colored: false,
            ..CANVAS
        };
        let white = Captioned {
            image: RgbImage::from_pixel(8, 8, Rgb([255; 3])),
            caption: "white".into(),
        };
        let lines = draw(&[white], canvas);
        assert!(lines[0].to_string().chars().all(|c| c == '@'));
    }

    fn graphics(is_remote: bool) -> Graphics {
        Graphics {
            protocol: Protocol::Kitty,
            depth: Depth::True,
            cell: (8, 16),
            background: [7, 8, 9],
            is_remote,
            reason: String::new(),
        }
    }

    #[test]
    fn a_band_has_the_pixels_of_its_cells_and_each_image_in_its_place() {
        let images = images(4);
        let bands = bands(&images, CANVAS, &graphics(false));
        assert_eq!(bands.len(), 2, "three to a row");
        let band = &bands[0];
        assert_eq!(band.size, (3 * 25 + 2 * GAP, 13));
        assert_eq!(band.image.dimensions(), (79 * 8, 13 * 16));
        for at in 0..3u8 {
            let left = u32::from(at) * (25 + GAP as u32) * 8;
            assert_eq!(band.image.get_pixel(left + 3, 3).0, [at + 1, 0, 0]);
        }
        assert_eq!(band.image.get_pixel(25 * 8 + 4, 3).0, [7, 8, 9], "a gap");
        assert_eq!(
            band.image.get_pixel(27 * 8 + 4, 200).0,
            [7, 8, 9],
            "below a wide one"
        );
        assert!(band.captions[0].to_string().starts_with("scenes[0]"));
        assert_eq!(bands[1].size.0, 25);
    }

    #[test]
    fn over_ssh_a_quarter_of_the_pixels_is_sent_for_as_many_cells() {
        let images = images(2);
        let here = bands(&images, CANVAS, &graphics(false)).remove(0);
        let there = bands(&images, CANVAS, &graphics(true)).remove(0);
        assert_eq!(here.size, there.size);
        assert_eq!(there.image.width() * 2, here.image.width());
        for columns in 1..100 {
            let canvas = Canvas { columns, ..CANVAS };
            for band in bands(&images, canvas, &graphics(true)) {
                assert!(band.size.0 <= columns, "{columns}");
            }
        }
    }
}
