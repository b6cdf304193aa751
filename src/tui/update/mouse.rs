//! The mouse: a click focuses and selects, the wheel moves what is under it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::super::draw::catalog::name_at;
use super::super::event::Effect;
use super::super::keys::Action;
use super::super::layout::{Pane, Places};
use super::super::map_layout::unit_at;
use super::super::state::{Layer, Shown, State};
use super::{actions, catalog, pictures, results, selection};

/// Rows that one turn of the wheel moves.
const WHEEL: usize = 3;

pub(super) fn mouse(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let Some(places) = state.places() else {
        return Vec::new();
    };
    let pane = places.at(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => {
            if state.layer != Layer::Nothing {
                state.layer = Layer::Nothing;
            } else if let Some(pane) = pane {
                state.focus_on(pane);
                click(state, &places, pane, event.column, event.row);
            }
            Vec::new()
        }
        MouseEventKind::ScrollUp => wheel(state, pane, Action::Up),
        MouseEventKind::ScrollDown => wheel(state, pane, Action::Down),
        _ => Vec::new(),
    }
}

fn click(state: &mut State, places: &Places, pane: Pane, column: u16, row: u16) {
    let inside = places.inside(pane);
    if !inside.contains((column, row).into()) {
        return;
    }
    let (x, y) = (usize::from(column - inside.x), usize::from(row - inside.y));
    match pane {
        Pane::Results if matches!(state.shown, Shown::Table) && y > 0 => {
            let last = state.table.order.len().saturating_sub(1);
            state.table.row = (state.table.top + y - 1).min(last);
            selection::row_selected(state);
        }
        Pane::Map => {
            if let Some(map) = &mut state.map {
                if let Some(at) = unit_at(map, inside, (x, y)) {
                    map.go(at);
                }
                selection::unit_selected(state);
            }
        }
        Pane::Catalog => {
            if let Some(at) = name_at(state, inside, y) {
                state.name = at;
            }
        }
        _ => {}
    }
}

fn wheel(state: &mut State, pane: Option<Pane>, action: Action) -> Vec<Effect> {
    for _ in 0..WHEEL {
        match (&state.layer, pane) {
            (Layer::Overlay(_), _) => drop(actions::act(state, action)),
            (_, Some(Pane::Results)) => drop(results::act(state, action)),
            (_, Some(Pane::Catalog)) => drop(catalog::act(state, action)),
            _ => {}
        }
    }
    if let (Layer::Nothing, Some(Pane::Pictures)) = (&state.layer, pane) {
        drop(pictures::act(state, action));
    }
    Vec::new()
}
