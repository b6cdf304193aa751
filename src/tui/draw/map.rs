//! The unit map: a cell per unit coloured by its score, marks, and the cursor.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::layout::Pane;
use super::super::map::UnitMap;
use super::super::map_layout::{MapLayout, WITH_SCORE, room};
use super::super::state::State;
use super::pane::{pane, put};
use crate::output::color::Depth;
use crate::picture::colormap::{diverging, ink_on};
use crate::picture::unit_grid::position;

/// Draws the pane.
pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame) {
    let title = state
        .map
        .as_ref()
        .map_or("", |map| map.grid().model.as_str());
    let inside = pane(state, Pane::Map, title, area, frame);
    let Some(map) = &state.map else {
        let dim = state.theme.dim();
        put(frame, inside, 0, 0, "rank heads for TEXT in MODEL", dim);
        put(frame, inside, 0, 1, "draws its scores here", dim);
        return;
    };
    let grid = map.grid();
    let (rows, cols) = room(grid, inside);
    let units = Units {
        state,
        map,
        layout: MapLayout::of(grid, inside),
        cols: cols.min(grid.cols - map.from.1),
        inside,
    };
    units.column_labels(frame);
    for y in 0..rows.min(grid.rows - map.from.0) {
        units.row(y, frame);
    }
    let below = rows.min(grid.rows) + 1;
    put(frame, inside, 0, below, &about(map), Style::new());
}

/// The units that are shown, with their labels.
struct Units<'a> {
    state: &'a State,
    map: &'a UnitMap,
    layout: MapLayout,
    /// How many of a row there are.
    cols: usize,
    inside: Rect,
}

impl Units<'_> {
    fn column_labels(&self, frame: &mut Frame) {
        let labels = &self.map.grid().col_labels;
        for x in 0..self.cols {
            let label = labels.get(self.map.from.1 + x).map_or("", String::as_str);
            let at = self.layout.label + x * self.layout.cell;
            let right = self.layout.cell - 1;
            let text = format!("{label:>right$}");
            put(frame, self.inside, at, 0, &text, self.state.theme.dim());
        }
    }

    /// Row `y` of the shown ones.
    fn row(&self, y: usize, frame: &mut Frame) {
        let row = self.map.from.0 + y;
        let label = self.map.grid().row_labels.get(row);
        let label = label.map_or("", String::as_str);
        let right = self.layout.label - 1;
        let text = format!("{label:>right$}");
        put(frame, self.inside, 0, y + 1, &text, self.state.theme.dim());
        for x in 0..self.cols {
            let at = (row, self.map.from.1 + x);
            let (text, style) = unit(self.state, self.map, at, self.layout.cell);
            let left = self.layout.label + x * self.layout.cell;
            put(frame, self.inside, left, y + 1, &text, style);
        }
    }
}

/// A unit's cell: `*` where it is marked, its score where there is room, brackets and reversed colours under the cursor.
fn unit(state: &State, map: &UnitMap, at: (usize, usize), cell: usize) -> (String, Style) {
    let here = map.at == at;
    let Some(value) = map.value(at) else {
        let text = if here {
            format!("[{}]", " ".repeat(cell - 2))
        } else {
            " ".repeat(cell)
        };
        return (text, Style::new());
    };
    let mark = if map.marked.contains(&at) { '*' } else { ' ' };
    let t = position(map.grid(), value);
    let number = if cell == WITH_SCORE {
        format!("{value:>5.2}")
    } else {
        String::new()
    };
    let middle = match (cell == WITH_SCORE, state.depth) {
        (true, _) if mark == '*' => format!("*{}", number.trim_start()),
        (true, _) => number,
        (false, Depth::Never) if mark == ' ' => strength(t).to_string(),
        (false, _) => mark.to_string(),
    };
    let inner = cell - 2;
    let text = if here {
        format!("[{middle:>inner$}]")
    } else {
        format!(" {middle:>inner$} ")
    };
    let background = diverging(t);
    let color = |[r, g, b]: [u8; 3]| Color::Rgb(r, g, b);
    let mut style = Style::new()
        .bg(color(background))
        .fg(color(ink_on(background)));
    if here {
        style = style.add_modifier(Modifier::REVERSED | Modifier::BOLD);
    } else if mark == '*' {
        style = style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    }
    (text, style)
}

/// Strength and sign as a character, where there are no colours.
fn strength(t: f32) -> char {
    let set = if t < 0.0 {
        ['.', '-', '=', '%']
    } else {
        ['.', '+', '#', '@']
    };
    set[(t.abs() * 3.0).round().clamp(0.0, 3.0) as usize]
}

fn about(map: &UnitMap) -> String {
    let score = map
        .value(map.at)
        .map_or("no score".to_owned(), |v| format!("{v:.4}"));
    let mut text = format!("{} {score}", map.unit());
    if !map.marked.is_empty() {
        text += &format!(" · {} marked", map.marked.len());
    }
    if map.follow {
        text += " · following";
    }
    if map.grids.len() > 1 {
        text += &format!(" · map {} of {}", map.shown + 1, map.grids.len());
    }
    text
}
