//! The results: a table of which only the visible cells become text, words, or what went wrong.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::super::layout::Pane;
use super::super::state::{Shown, State};
use super::pane::{ellipsis, pane, put};
use crate::interface::failure::Failure;
use crate::output::width::{cut_middle, single_line, width};

const WELCOME: [&str; 5] = [
    "Ask what each part of a model contributes, in words:",
    "  rank heads for texture in MODEL",
    "  retrieve 8 images for \"a dog\" in MODEL",
    "",
    "Tab completes, Enter asks, F1 shows every key.",
];

pub(super) fn draw(state: &State, area: Rect, frame: &mut Frame) {
    let inside = pane(state, Pane::Results, &title(state), area, frame);
    let words = |lines: Vec<Line<'static>>| {
        Paragraph::new(lines)
            .wrap(Wrap { trim: false })
            .scroll((state.scroll, 0))
    };
    match &state.shown {
        Shown::Welcome => {
            frame.render_widget(words(WELCOME.map(Line::from).to_vec()), inside);
        }
        Shown::Text(text) => {
            let lines = text.lines().map(|line| Line::from(single_line(line)));
            frame.render_widget(words(lines.collect()), inside);
        }
        Shown::Failure(failure) => frame.render_widget(words(explained(state, failure)), inside),
        Shown::Table => table(state, inside, frame),
    }
}

fn title(state: &State) -> String {
    let table = &state.table;
    if !matches!(state.shown, Shown::Table) {
        return String::new();
    }
    let title = state.answer.title.clone().unwrap_or_default();
    let (shown, all) = (table.order.len(), table.frame.height());
    let at = if shown == 0 { 0 } else { table.row + 1 };
    let place = if shown == all {
        format!("{at}/{all}")
    } else {
        let filter = &table.arrangement.filter;
        format!("{at}/{shown} of {all} with “{filter}”")
    };
    if title.is_empty() {
        place
    } else {
        format!("{title} {place}")
    }
}

/// The message, the place in the query with a mark under it, and what to do.
fn explained(state: &State, failure: &Failure) -> Vec<Line<'static>> {
    let said = &failure.diagnosis;
    let mut lines = vec![Line::from(Span::styled(
        single_line(&said.message),
        state.theme.error(),
    ))];
    for (range, words) in &said.labels {
        let source = &said.source_text;
        let Some(before) = source.get(..range.start) else {
            continue;
        };
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = source[start..].lines().next().unwrap_or_default();
        let indent = width(&single_line(&source[start..range.start]));
        let end = range.end.min(start + line.len());
        let marked = source
            .get(range.start..end)
            .map_or(1, |part| width(part).max(1));
        lines.push(Line::default());
        lines.push(Line::from(format!("  {}", single_line(line))));
        let mark = format!("  {}{} {words}", " ".repeat(indent), "^".repeat(marked));
        lines.push(Line::from(Span::styled(mark, state.theme.error())));
    }
    if let Some(help) = &said.help {
        lines.push(Line::default());
        lines.extend(help.lines().map(|line| Line::from(single_line(line))));
    }
    lines
}

fn table(state: &State, inside: Rect, frame: &mut Frame) {
    let shown = &state.table;
    let columns = shown.visible(inside.width.into());
    let notes = state.notes_height(inside.height);
    let rows = inside.height.saturating_sub(1 + notes);
    let body = Rect {
        height: inside.height.saturating_sub(notes),
        ..inside
    };
    header(state, &columns, body, frame);
    for y in 0..usize::from(rows) {
        let Some(row) = shown.order.get(shown.top + y) else {
            break;
        };
        let selected = shown.top + y == shown.row;
        row_of_cells(
            state,
            &columns,
            (*row as usize, y + 1, selected),
            body,
            frame,
        );
    }
    for (at, note) in state.answer.notes.iter().take(notes.into()).enumerate() {
        let note = cut_middle(&single_line(note), inside.width.into(), ellipsis(state));
        let y = usize::from(body.height) + at;
        put(frame, inside, 0, y, &note, state.theme.dim());
    }
}

fn header(state: &State, columns: &[usize], body: Rect, frame: &mut Frame) {
    let table = &state.table;
    let mut x = 0;
    for &column in columns {
        let name = single_line(table.frame.columns()[column].name());
        let arrow = match table.arrangement.sort {
            Some((sorted, descending)) if sorted == column => {
                if descending {
                    "▼"
                } else {
                    "▲"
                }
            }
            _ => "",
        };
        let wide = table.widths[column];
        let room = wide - width(arrow).min(wide);
        let text = format!("{}{arrow}", cut_middle(&name, room, ellipsis(state)));
        let mut style = state.theme.heading();
        if column == table.column {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        let text = aligned(&text, wide, table.is_number(column));
        put(frame, body, x, 0, &text, style);
        x += wide + 1;
    }
    if columns
        .last()
        .is_some_and(|last| last + 1 < table.widths.len())
    {
        let right = usize::from(body.width).saturating_sub(1);
        put(frame, body, right, 0, "›", state.theme.key());
    }
}

fn row_of_cells(
    state: &State,
    columns: &[usize],
    (row, y, selected): (usize, usize, bool),
    body: Rect,
    frame: &mut Frame,
) {
    let table = &state.table;
    let focused = state.focus == Pane::Results;
    let base = if selected {
        put(
            frame,
            body,
            0,
            y,
            &" ".repeat(body.width.into()),
            state.theme.selected(focused),
        );
        state.theme.selected(focused)
    } else {
        Style::new()
    };
    let mut x = 0;
    for &column in columns {
        let wide = table.widths[column];
        let text = cut_middle(&table.cell(row, column), wide, ellipsis(state));
        let style = if selected && focused && column == table.column {
            base.add_modifier(Modifier::UNDERLINED)
        } else {
            base
        };
        put(
            frame,
            body,
            x,
            y,
            &aligned(&text, wide, table.is_number(column)),
            style,
        );
        x += wide + 1;
    }
}

fn aligned(text: &str, columns: usize, right: bool) -> String {
    let gap = " ".repeat(columns.saturating_sub(width(text)));
    if right {
        format!("{gap}{text}")
    } else {
        format!("{text}{gap}")
    }
}
