//! Pictures as lines of styled characters: one pure renderer for the prompt, scripts and the TUI.
//!
//! Everything here maps data to [`ratatui::text::Line`]s and touches no terminal; `ansi` turns lines into bytes at a
//! stream's colour depth. How pictures are shown at all is decided in `graphics`, from what `probe` asks the terminal; and
//! `pixels` sends them to a terminal that has some.

pub mod ansi;
pub mod brand;
pub mod colormap;
pub mod curves;
pub mod fit;
pub mod graphics;
pub mod half_blocks;
pub mod heat;
pub mod histogram;
pub mod image_rows;
pub mod intervals;
pub mod outline;
pub mod pixels;
pub mod png;
pub mod probe;
pub mod replies;
pub mod terminal;
pub mod unit_grid;

use ratatui::text::Line;

use crate::interface::answer::Picture;

/// What pictures are drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canvas {
    /// Columns that may be used.
    pub columns: usize,
    /// Whether colours arrive; otherwise brightness becomes characters.
    pub colored: bool,
    /// Only ASCII characters.
    pub ascii: bool,
}

/// Draws `picture` in character cells, at most `canvas.columns` wide.
#[must_use]
pub fn draw(picture: &Picture, canvas: Canvas) -> Vec<Line<'static>> {
    match picture {
        Picture::UnitGrid(grid) => unit_grid::draw(grid, canvas),
        Picture::Images(images) => image_rows::draw(images, canvas),
        Picture::Curves(curves) => curves::draw(curves, canvas),
        Picture::Histogram(histogram) => histogram::draw(histogram, canvas),
        Picture::Intervals(intervals) => intervals::draw(intervals, canvas),
    }
}
