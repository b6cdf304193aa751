//! What lies over the panes: help, messages and rows as text, the filter's line, the command palette.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::super::overlay::Overlay;
use super::super::palette::{Entry, Palette};
use super::super::state::State;
use super::pane::{boxed, middle, put};
use crate::output::width::{single_line, width};

/// Columns and rows of a text, at most.
const TEXT: (u16, u16) = (78, 40);

pub(super) fn text(state: &State, shown: &Overlay, frame: &mut Frame) {
    let rows = (shown.lines.len() as u16 + 2).clamp(5, TEXT.1);
    let window = frame.area();
    let area = middle(
        frame,
        TEXT.0.min(window.width - 2),
        rows.min(window.height - 2),
    );
    frame.render_widget(Clear, area);
    let inside = boxed(state, &shown.title, true, area, frame);
    let left = shown.lines.iter().filter(|(_, right)| !right.is_empty());
    let left = left.map(|(left, _)| width(left)).max().unwrap_or(0).min(28);
    let lines = shown
        .lines
        .iter()
        .skip(shown.scroll)
        .map(|(name, meaning)| {
            if meaning.is_empty() {
                return Line::from(Span::styled(single_line(name), state.theme.heading()));
            }
            let gap = " ".repeat((left + 2).saturating_sub(width(name)).max(1));
            Line::from(vec![
                Span::styled(single_line(name), state.theme.key()),
                Span::raw(gap),
                Span::raw(single_line(meaning)),
            ])
        });
    let text = Paragraph::new(lines.collect::<Vec<_>>()).wrap(Wrap { trim: false });
    frame.render_widget(text, inside);
}

pub(super) fn filter(state: &State, area: Rect, frame: &mut Frame) {
    frame.render_widget(Clear, area);
    let text = format!("/{}", single_line(&state.table.arrangement.filter));
    line_with_cursor(frame, area, &text, state.theme.heading());
}

fn line_with_cursor(frame: &mut Frame, area: Rect, text: &str, style: Style) {
    put(frame, area, 0, 0, text, style);
    let after = (width(text) as u16).min(area.width.saturating_sub(1));
    frame.set_cursor_position(Position::new(area.x + after, area.y));
}

pub(super) fn palette(state: &State, palette: &Palette, frame: &mut Frame) {
    let window = frame.area();
    let rows = (palette.entries.len() as u16 + 3).clamp(4, 18);
    let area = middle(frame, 72.min(window.width - 2), rows.min(window.height - 2));
    frame.render_widget(Clear, area);
    let inside = boxed(
        state,
        "do something, write FILE, theme NAME, or ask",
        true,
        area,
        frame,
    );
    let line = Rect {
        height: 1,
        ..inside
    };
    line_with_cursor(
        frame,
        line,
        &format!(":{}", single_line(&palette.text)),
        state.theme.heading(),
    );
    let room = usize::from(inside.height).saturating_sub(1);
    let first = palette.chosen.map_or(0, |at| (at + 1).saturating_sub(room));
    for (y, (at, entry)) in palette
        .entries
        .iter()
        .enumerate()
        .skip(first)
        .take(room)
        .enumerate()
    {
        let (left, right) = match entry {
            Entry::Do(_, words, key) => ((*words).to_owned(), key.clone()),
            Entry::Type(_, word, about) => (word.clone(), about.clone()),
        };
        let style = if palette.chosen == Some(at) {
            state.theme.selected(true)
        } else {
            Style::new()
        };
        let columns = usize::from(inside.width);
        let gap = columns.saturating_sub(width(&left) + width(&right)).max(1);
        let text = single_line(&format!("{left}{}{right}", " ".repeat(gap)));
        put(frame, inside, 0, y + 1, &text, style);
    }
}
