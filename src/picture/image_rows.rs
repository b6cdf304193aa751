//! Images side by side with captions under them, as many to a row as the terminal holds.

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Canvas;
use super::fit::fit;
use super::half_blocks::{characters, half_blocks};
use crate::answer::Captioned;
use crate::output::width::{cut_middle, single_line, width};

/// Columns of a thumbnail when there are many, and the most a single one takes.
const THUMBNAIL: usize = 24;
const LARGEST: usize = 48;
const GAP: usize = 2;

/// Draws the images in rows.
#[must_use]
pub fn draw(images: &[Captioned], canvas: Canvas) -> Vec<Line<'static>> {
    let fitting = (canvas.columns + GAP) / (THUMBNAIL + GAP);
    let per_row = fitting.clamp(1, images.len().max(1));
    let share = (canvas.columns + GAP) / per_row;
    let columns = share.saturating_sub(GAP).clamp(1, LARGEST);
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
        let ellipsis = if canvas.ascii { "..." } else { "…" };
        let caption = captioned
            .caption
            .lines()
            .map(|line| cut_middle(&single_line(line), columns, ellipsis))
            .collect();
        Self { picture, caption }
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
    use image::{Rgb, RgbImage};
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
}
