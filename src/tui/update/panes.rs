//! What actions do in the results, the map, the pictures and the catalog.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::layout::Pane;
use super::super::map::Ask;
use super::super::state::{Overlay, Shown, State, Top};
use super::super::table::Arrangement;
use super::act::{copy, focus};
use super::{arrange, run};

/// Rows of a page where the pane's height does not matter much.
const PAGE: isize = 10;

pub(super) fn results(state: &mut State, action: Action) -> Vec<Effect> {
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
        Action::OpenFilter => state.top = Top::Filter,
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
        Action::Accept => state.top = row(state).map_or(Top::Nothing, Top::Overlay),
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

/// The map and the pictures go to what the selected row is about.
pub(super) fn row_selected(state: &mut State) {
    let unit = state.table.selected_text("unit");
    if let (Some(unit), Some(map)) = (unit, &mut state.map) {
        map.find(&unit);
    }
    if let Some(row) = state
        .table
        .selected()
        .filter(|_| state.pictures.follow_rows)
        && row < state.pictures.all.len()
    {
        state.pictures.shown = row;
    }
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

pub(super) fn map(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(map) = &mut state.map else {
        state.say("rank heads first: their scores make the map");
        return Vec::new();
    };
    match action {
        Action::Up => map.step(-1, 0),
        Action::Down => map.step(1, 0),
        Action::Left => map.step(0, -1),
        Action::Right => map.step(0, 1),
        Action::First => map.to_extreme(false),
        Action::Last => map.to_extreme(true),
        Action::Mark => map.mark(),
        Action::Unmark => map.unmark(),
        Action::NextMap => map.next(),
        Action::Follow => {
            map.follow = !map.follow;
            map.changed = false;
            let now = if map.follow {
                "every move or mark asks the last question again"
            } else {
                "moves and marks ask nothing"
            };
            state.say(now);
        }
        Action::Copy => {
            let unit = map.unit();
            return copy(state, unit);
        }
        Action::AskImages => return ask(state, Ask::Images),
        Action::AskDescribe => return ask(state, Ask::Describe),
        Action::AskFeatures => return ask(state, Ask::Features),
        Action::AskAblate => return ask(state, Ask::Ablate),
        Action::AskWithout => return ask(state, Ask::Without),
        Action::AskUsing => return ask(state, Ask::Using),
        _ => {}
    }
    unit_selected(state);
    Vec::new()
}

/// The table goes to the unit under the map's cursor.
pub(super) fn unit_selected(state: &mut State) {
    let Some(map) = &state.map else {
        return;
    };
    if let Some(row) = state.table.find("unit", &map.unit()) {
        state.table.select(row);
    }
}

/// Asks about the units of the map.
fn ask(state: &mut State, question: Ask) -> Vec<Effect> {
    let Some(map) = &mut state.map else {
        return Vec::new();
    };
    match map.statement(question) {
        Ok(statement) => {
            map.asked = Some(question);
            map.changed = false;
            run(state, &statement)
        }
        Err(why) => {
            state.complain(why);
            Vec::new()
        }
    }
}

/// Asks the map's last question again, once the cursor rests.
pub(super) fn follow(state: &mut State) -> Vec<Effect> {
    if state.job.is_some() {
        return Vec::new();
    }
    let wanted = state
        .map
        .as_ref()
        .filter(|map| map.follow && map.changed)
        .map(|map| map.asked.unwrap_or(Ask::Images));
    wanted.map_or_else(Vec::new, |question| ask(state, question))
}

pub(super) fn pictures(state: &mut State, action: Action) -> Vec<Effect> {
    let pictures = &mut state.pictures;
    let last = pictures.all.len().saturating_sub(1);
    match action {
        Action::Up => pictures.shown = pictures.shown.saturating_sub(1),
        Action::Down => pictures.shown = (pictures.shown + 1).min(last),
        Action::First => pictures.shown = 0,
        Action::Last => pictures.shown = last,
        Action::Copy => {
            let caption = pictures.caption().to_owned();
            return copy(state, caption);
        }
        _ => {}
    }
    if pictures.follow_rows {
        state.table.select(pictures.shown);
    }
    Vec::new()
}

pub(super) fn catalog(state: &mut State, action: Action) -> Vec<Effect> {
    let last = state.knowledge.names.len().saturating_sub(1);
    match action {
        Action::Up => state.name = state.name.saturating_sub(1),
        Action::Down => state.name = (state.name + 1).min(last),
        Action::First => state.name = 0,
        Action::Last => state.name = last,
        Action::Accept | Action::Copy | Action::AskDescribe => {
            let Some(name) = state.knowledge.names.get(state.name) else {
                return Vec::new();
            };
            let name = name.name.clone();
            match action {
                Action::Copy => return copy(state, name),
                Action::AskDescribe => return run(state, &format!("describe {name}")),
                _ => {
                    focus(state, Pane::Query);
                    state.editor.insert_name(&name);
                }
            }
        }
        _ => {}
    }
    Vec::new()
}
