//! The whole screen: every pane in its place, and what lies over them.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::super::layout::{LEAST, Pane};
use super::super::state::{Layer, State};
use super::super::theme;
use super::{catalog, map, overlay, pictures, query, results, status};

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
    match &state.layer {
        Layer::Nothing => query::completions(state, &places, frame),
        Layer::Overlay(shown) => overlay::text(state, shown, frame),
        Layer::Filter => overlay::filter(state, places.message, frame),
        Layer::Palette(palette) => overlay::palette(state, palette, frame),
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
