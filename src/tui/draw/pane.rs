//! What panes are drawn with: borders, titles, and text that ends at their edge.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::super::layout::Pane;
use super::super::state::State;
use crate::output::width::{cut_middle, single_line};

/// Draws the border of a pane with its number and title, and returns what is inside.
pub(super) fn pane(state: &State, pane: Pane, title: &str, area: Rect, frame: &mut Frame) -> Rect {
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
pub(super) fn boxed(
    state: &State,
    title: &str,
    focused: bool,
    area: Rect,
    frame: &mut Frame,
) -> Rect {
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

/// What stands for text that was cut away.
pub(super) fn ellipsis(state: &State) -> &'static str {
    if state.ascii { "..." } else { "…" }
}

/// A rectangle of at most this size in the middle of the window.
pub(super) fn middle(frame: &Frame, columns: u16, rows: u16) -> Rect {
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
pub(super) fn put(frame: &mut Frame, area: Rect, x: usize, y: usize, text: &str, style: Style) {
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
