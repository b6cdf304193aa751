//! Any picture, drawn in character cells by the file for its kind.

use ratatui::text::Line;

use super::canvas::Canvas;
use super::{curves, histogram, image_rows, intervals, unit_grid};
use crate::interface::answer::Picture;

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
