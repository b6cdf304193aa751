//! The state as a screen: pure, so that tests can look at what people look at.

pub mod catalog;
pub mod map;
mod overlay;
pub(super) mod pictures;
mod query;
mod results;
mod status;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::layout::{LEAST, Pane};
use super::state::{State, Top};
use super::theme;
use crate::output::width::{cut_middle, single_line};

/// Draws everything; nothing while the window already has another size than the state was told.
pub fn draw(state: &State, frame: &mut Frame) {
    let window = frame.area();
    if (window.width, window.height) != state.size {
        return;
    }
    let Some(places) = state.places() else {
        too_small(frame);
        theme::reduce(frame.buffer_mut(), state.depth);
        return;
    };
    if let Some(tabs) = places.tabs {
        status::tabs(state, tabs, frame);
    }
    for (pane, area) in &places.panes {
        match pane {
            Pane::Query => query::draw(state, *area, frame),
            Pane::Results => results::draw(state, *area, frame),
            Pane::Map => map::draw(state, *area, frame),
            Pane::Pictures => pictures::draw(state, *area, frame),
            Pane::Catalog => catalog::draw(state, *area, frame),
        }
    }
    status::message(state, places.message, frame);
    status::hints(state, places.hints, frame);
    match &state.top {
        Top::Nothing => query::completions(state, &places, frame),
        Top::Overlay(shown) => overlay::text(state, shown, frame),
        Top::Filter => overlay::filter(state, places.message, frame),
        Top::Palette(palette) => overlay::palette(state, palette, frame),
    }
    theme::reduce(frame.buffer_mut(), state.depth);
    if state.ascii {
        spell(frame.buffer_mut());
    }
}

/// Puts ASCII in the place of every other character.
fn spell(buffer: &mut Buffer) {
    for cell in buffer
        .content
        .iter_mut()
        .filter(|cell| !cell.symbol().is_ascii())
    {
        let spelt = match cell.symbol() {
            "·" => "|",
            "“" | "”" => "\"",
            "↑" | "▲" => "^",
            "↓" | "▼" => "v",
            "←" => "<",
            "→" | "›" => ">",
            "█" => "#",
            "░" | "…" => ".",
            _ => "?",
        };
        cell.set_symbol(spelt);
    }
}

fn too_small(frame: &mut Frame) {
    let (columns, rows) = LEAST;
    let text = format!("vitscope needs {columns} columns and {rows} rows. Ctrl-Q quits.");
    let area = frame.area();
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// Draws the border of a pane with its number and title, and returns what is inside.
fn pane(state: &State, pane: Pane, title: &str, area: Rect, frame: &mut Frame) -> Rect {
    let focused = state.focus == pane;
    let number = Pane::ALL
        .iter()
        .position(|p| *p == pane)
        .map_or(0, |at| at + 1);
    let room = usize::from(area.width).saturating_sub(6);
    let named = if title.is_empty() {
        pane.title().to_owned()
    } else {
        format!("{}: {}", pane.title(), single_line(title))
    };
    let title = format!("{number} {}", cut_middle(&named, room, ellipsis(state)));
    boxed(state, &title, focused, area, frame)
}

/// Draws a border with a title, and returns what is inside.
fn boxed(state: &State, title: &str, focused: bool, area: Rect, frame: &mut Frame) -> Rect {
    let style = state.theme.border(focused);
    let set = match (state.ascii, focused) {
        (true, _) => ASCII,
        (false, true) => border::THICK,
        (false, false) => border::PLAIN,
    };
    let block = Block::bordered()
        .border_set(set)
        .border_style(style)
        .title(Line::from(Span::styled(format!(" {title} "), style)));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    inside
}

const ASCII: border::Set = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

fn ellipsis(state: &State) -> &'static str {
    if state.ascii { "..." } else { "…" }
}

/// A rectangle of at most this size in the middle of the window.
fn middle(frame: &Frame, columns: u16, rows: u16) -> Rect {
    let window = frame.area();
    let (width, height) = (columns.min(window.width), rows.min(window.height));
    Rect {
        x: (window.width - width) / 2,
        y: (window.height - height) / 2,
        width,
        height,
    }
}

/// `text` at a cell, cut at the edge of `area`.
fn put(
    frame: &mut Frame,
    area: Rect,
    x: usize,
    y: usize,
    text: &str,
    style: ratatui::style::Style,
) {
    let (Ok(dx), Ok(dy)) = (u16::try_from(x), u16::try_from(y)) else {
        return;
    };
    if dx >= area.width || dy >= area.height {
        return;
    }
    let room = usize::from(area.width - dx);
    frame
        .buffer_mut()
        .set_stringn(area.x + dx, area.y + dy, text, room, style);
}

#[cfg(test)]
pub(super) use tests::state as sample_state;
#[cfg(test)]
mod tests;
