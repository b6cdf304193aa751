//! What actions do in the results.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::overlay::Overlay;
use super::super::state::{Layer, Shown, State};
use super::super::table::Arrangement;
use super::requests::{arrange, copy};
use super::selection::row_selected;

/// Rows of a page where the pane's height does not matter much.
const PAGE: isize = 10;

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if !matches!(state.shown, Shown::Table) {
        scroll_words(state, action);
        return Vec::new();
    }
    let page = state.places().map_or(PAGE, |places| {
        isize::try_from(state.table_room(&places).0).unwrap_or(PAGE)
    });
    let table = &mut state.table;
    match action {
        Action::Up => table.step(-1),
        Action::Down => table.step(1),
        Action::PageUp => table.step(-page),
        Action::PageDown => table.step(page),
        Action::First => table.step(isize::MIN),
        Action::Last => table.step(isize::MAX),
        Action::Left => table.step_column(-1),
        Action::Right => table.step_column(1),
        Action::Freeze => table.frozen = !table.frozen,
        Action::OpenFilter => state.layer = Layer::Filter,
        Action::Sort => {
            let sort = match table.arrangement.sort {
                Some((column, true)) if column == table.column => Some((column, false)),
                Some((column, false)) if column == table.column => None,
                _ => Some((table.column, true)),
            };
            let filter = table.arrangement.filter.clone();
            return arrange(state, Arrangement { sort, filter });
        }
        Action::ShowAll => return arrange(state, Arrangement::default()),
        Action::Accept => state.layer = row(state).map_or(Layer::Nothing, Layer::Overlay),
        Action::Copy | Action::CopyRow => {
            let Some(row) = table.selected() else {
                return Vec::new();
            };
            let text = if action == Action::Copy {
                table.exact(row, table.column)
            } else {
                let cells = (0..table.widths.len()).map(|column| table.exact(row, column));
                cells.collect::<Vec<_>>().join("\t")
            };
            return copy(state, text);
        }
        _ => {}
    }
    row_selected(state);
    Vec::new()
}

fn row(state: &State) -> Option<Overlay> {
    let row = state.table.selected()?;
    let columns = state.table.frame.columns().iter().enumerate();
    let lines = columns.map(|(at, column)| (column.name().to_string(), state.table.exact(row, at)));
    Some(Overlay::new(format!("row {}", row + 1), lines.collect()))
}

fn scroll_words(state: &mut State, action: Action) {
    let lines = match &state.shown {
        Shown::Text(text) => u16::try_from(text.lines().count()).unwrap_or(u16::MAX),
        _ => 0,
    };
    let page = PAGE as u16;
    state.scroll = match action {
        Action::Up => state.scroll.saturating_sub(1),
        Action::Down => state.scroll.saturating_add(1),
        Action::PageUp => state.scroll.saturating_sub(page),
        Action::PageDown => state.scroll.saturating_add(page),
        Action::First => 0,
        Action::Last => lines,
        _ => state.scroll,
    }
    .min(lines.saturating_sub(1));
}
