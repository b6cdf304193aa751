//! The query, coloured by role, and the completions under its cursor.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::Clear;

use super::super::layout::{Pane, Places};
use super::super::state::{Layer, State};
use super::pane::{boxed, pane, put};
use crate::interface::assist::Candidate;
use crate::output::width::{single_line, width};

/// The most completions shown at once.
const OFFERED: usize = 10;

pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame) {
    let inside = pane(state, Pane::Query, &state.knowledge.place, area, frame);
    let text = state.editor.text();
    let assist = &state.knowledge.assist;
    let styles = styles(state, &text);
    let (top, left) = scrolled(state, inside);
    let mut start = 0;
    for (row, line) in state.editor.lines().iter().enumerate() {
        if row >= top {
            let styled = Styled {
                text: line,
                start,
                styles: &styles,
            };
            styled.put(frame, inside, row - top, left);
        }
        start += line.len() + 1;
    }
    let (row, _) = state.editor.cursor();
    let after = column(state);
    let at_end = state.editor.offset() == text.len();
    let hint = if text.is_empty() {
        Some("write a question: rank heads for TEXT in MODEL".to_owned())
    } else {
        assist.hint(&text).filter(|_| at_end)
    };
    if let Some(hint) = hint.filter(|_| row >= top && after >= left) {
        put(
            frame,
            inside,
            after - left,
            row - top,
            &hint,
            state.theme.dim(),
        );
    }
    if state.focus == Pane::Query && matches!(state.layer, Layer::Nothing) {
        frame.set_cursor_position(cursor(state, inside));
    }
}

/// The column of the cursor in its line.
fn column(state: &State) -> usize {
    let (row, characters) = state.editor.cursor();
    let before: String = state.editor.lines()[row].chars().take(characters).collect();
    width(&single_line(&before))
}

/// Lines and columns scrolled away so that the cursor is visible.
fn scrolled(state: &State, inside: Rect) -> (usize, usize) {
    let (row, _) = state.editor.cursor();
    let top = (row + 1).saturating_sub(usize::from(inside.height));
    let left = (column(state) + 1).saturating_sub(usize::from(inside.width));
    (top, left)
}

fn cursor(state: &State, inside: Rect) -> Position {
    let (row, _) = state.editor.cursor();
    let (top, left) = scrolled(state, inside);
    let x = inside.x + u16::try_from(column(state) - left).unwrap_or(0);
    Position::new(x, inside.y + u16::try_from(row - top).unwrap_or(0))
}

fn styles(state: &State, text: &str) -> Vec<(Range<usize>, Style)> {
    let roles = state.knowledge.assist.highlight(text).into_iter();
    roles
        .map(|(range, role)| (range, state.theme.role(role)))
        .collect()
}

/// A line, where it begins in the text, and the styles of the text.
struct Styled<'a> {
    text: &'a str,
    start: usize,
    styles: &'a [(Range<usize>, Style)],
}

impl Styled<'_> {
    fn put(&self, frame: &mut Frame, area: Rect, row: usize, left: usize) {
        let mut x = 0;
        for (at, character) in self.text.char_indices() {
            let offset = self.start + at;
            let found = self
                .styles
                .iter()
                .find(|(range, _)| range.contains(&offset));
            let shown = single_line(character.encode_utf8(&mut [0; 4]));
            let wide = width(&shown);
            if x >= left {
                let style = found.map_or(Style::new(), |(_, style)| *style);
                put(frame, area, x - left, row, &shown, style);
            }
            x += wide;
        }
    }
}

/// The completions, below the word they would replace or, without room, above it.
pub(super) fn completions(state: &State, places: &Places, frame: &mut Frame) {
    let Some(popup) = state
        .editor
        .popup
        .as_ref()
        .filter(|_| state.focus == Pane::Query)
    else {
        return;
    };
    let shown = popup.candidates.len().min(OFFERED);
    let widest = |part: fn(&Candidate) -> &String| {
        let widths = popup.candidates.iter().map(|c| width(part(c)));
        widths.max().unwrap_or(0)
    };
    let longest = widest(|c| &c.text);
    let columns = longest + widest(|c| &c.about) + 4;
    let at = cursor(state, places.inside(Pane::Query));
    let area = beside(at, (columns.clamp(12, 64), shown + 2), frame.area());
    frame.render_widget(Clear, area);
    let title = format!("{} of {}", popup.chosen + 1, popup.candidates.len());
    let inside = boxed(state, &title, true, area, frame);
    let first = (popup.chosen + 1).saturating_sub(shown);
    for row in 0..shown {
        let candidate = &popup.candidates[first + row];
        let gap = longest + 2 - width(&candidate.text);
        let line = format!("{}{}{}", candidate.text, " ".repeat(gap), candidate.about);
        let chosen = first + row == popup.chosen;
        let style = if chosen {
            state.theme.selected(true)
        } else {
            Style::new()
        };
        let line = single_line(&line);
        let room = usize::from(inside.width).saturating_sub(width(&line));
        let line = format!("{line}{}", " ".repeat(room));
        put(frame, inside, 0, row, &line, style);
    }
}

/// So many columns and rows, or what the window has, below a cell of the window or above it.
fn beside(at: Position, (columns, rows): (usize, usize), window: Rect) -> Rect {
    let width = columns.min(window.width.into()) as u16;
    let height = rows.min(window.height.into()) as u16;
    let below = window.height - at.y > height;
    Rect {
        x: at.x.min(window.width - width),
        y: if below {
            at.y + 1
        } else {
            at.y.saturating_sub(height)
        },
        width,
        height,
    }
}
