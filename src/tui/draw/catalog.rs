//! The catalog: every name a query can use, kind by kind.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::layout::Pane;
use super::super::state::State;
use super::pane::{ellipsis, pane, put};
use crate::interface::name::NameKind;
use crate::output::width::{cut_middle, single_line, width};

/// Columns below which there is no use in saying what a name is.
const ABOUT: usize = 20;

/// A line of the pane: a heading, or the name at a place in the catalog.
enum Row {
    Heading(&'static str),
    Name(usize),
}

fn rows(state: &State) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut last = None;
    for (at, name) in state.knowledge.names.iter().enumerate() {
        if last != Some(name.kind) {
            last = Some(name.kind);
            rows.push(Row::Heading(heading(name.kind)));
        }
        rows.push(Row::Name(at));
    }
    rows
}

fn heading(kind: NameKind) -> &'static str {
    match kind {
        NameKind::Model => "models",
        NameKind::Images => "image sets",
        NameKind::Feature => "features",
        NameKind::Result => "results",
    }
}

/// The first row on the screen: the selected name is in the middle, unless that leaves room at an end.
fn first(rows: &[Row], selected: usize, height: usize) -> usize {
    let at = rows
        .iter()
        .position(|row| matches!(row, Row::Name(n) if *n == selected));
    let most = rows.len().saturating_sub(height);
    at.unwrap_or(0).saturating_sub(height / 2).min(most)
}

/// The name in row `y` of the pane's inside.
#[must_use]
pub fn name_at(state: &State, inside: Rect, y: usize) -> Option<usize> {
    let rows = rows(state);
    let first = first(&rows, state.name, inside.height.into());
    match rows.get(first + y) {
        Some(Row::Name(at)) => Some(*at),
        _ => None,
    }
}

/// Draws the pane.
pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame) {
    let inside = pane(state, Pane::Catalog, "", area, frame);
    let rows = rows(state);
    if rows.is_empty() {
        put(frame, inside, 0, 0, "empty: add model …", state.theme.dim());
    }
    let columns = usize::from(inside.width);
    let first = first(&rows, state.name, inside.height.into());
    let focused = state.focus == Pane::Catalog;
    for (y, row) in rows
        .iter()
        .skip(first)
        .take(inside.height.into())
        .enumerate()
    {
        match row {
            Row::Heading(text) => put(frame, inside, 0, y, text, state.theme.heading()),
            Row::Name(at) => {
                let name = &state.knowledge.names[*at];
                let text = format!("  {}", single_line(&name.name));
                let text = cut_middle(&text, columns, ellipsis(state));
                let selected = *at == state.name && focused;
                let style = if selected {
                    state.theme.selected(true)
                } else {
                    Style::new()
                };
                put(frame, inside, 0, y, &text, style);
                let after = width(&text) + 2;
                let room = columns.saturating_sub(after);
                if room >= ABOUT {
                    let about = cut_middle(&single_line(&name.about), room, ellipsis(state));
                    put(frame, inside, after, y, &about, state.theme.dim());
                }
            }
        }
    }
}
