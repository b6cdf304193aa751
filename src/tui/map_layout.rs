//! Where the units of a map are in its pane.

use ratatui::layout::Rect;

use super::map::UnitMap;
use crate::interface::answer::UnitGrid;
use crate::output::width::width;

/// Columns of a unit with its score: mark, sign, `.60` or `1.00`, blank …
pub(super) const WITH_SCORE: usize = 7;
/// … and without.
const BARE: usize = 3;

/// Rows of the pane that are not units: column labels, the line about the unit.
const AROUND: usize = 2;

/// How a map is laid out in a pane.
pub(super) struct MapLayout {
    /// Columns of the rows' labels, with the blank after them.
    pub(super) label: usize,
    /// Columns of a unit.
    pub(super) cell: usize,
}

impl MapLayout {
    /// With scores where there is room for them.
    pub(super) fn of(grid: &UnitGrid, inside: Rect) -> Self {
        let label = grid.row_labels.iter().map(|l| width(l)).max().unwrap_or(0) + 1;
        let room = usize::from(inside.width).saturating_sub(label);
        let cell = if grid.cols * WITH_SCORE <= room {
            WITH_SCORE
        } else {
            BARE
        };
        Self { label, cell }
    }
}

/// The rows that a whole map takes inside its pane.
#[must_use]
pub fn height(grid: &UnitGrid) -> usize {
    grid.rows + AROUND
}

/// How many rows and columns of units a pane holds.
#[must_use]
pub fn room(grid: &UnitGrid, inside: Rect) -> (usize, usize) {
    let layout = MapLayout::of(grid, inside);
    let columns = usize::from(inside.width).saturating_sub(layout.label) / layout.cell;
    (usize::from(inside.height).saturating_sub(AROUND), columns)
}

/// The unit at a place inside the pane.
#[must_use]
pub fn unit_at(map: &UnitMap, inside: Rect, (x, y): (usize, usize)) -> Option<(usize, usize)> {
    let layout = MapLayout::of(map.grid(), inside);
    let (rows, _) = room(map.grid(), inside);
    let row = y.checked_sub(1).filter(|row| *row < rows)? + map.from.0;
    let col = x.checked_sub(layout.label)? / layout.cell + map.from.1;
    (row < map.grid().rows && col < map.grid().cols).then_some((row, col))
}
