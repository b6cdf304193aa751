//! What follows a selection: the panes show the same thing.

use super::super::state::State;

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

/// The table goes to the unit under the map's cursor.
pub(super) fn unit_selected(state: &mut State) {
    let Some(map) = &state.map else {
        return;
    };
    if let Some(row) = state.table.find("unit", &map.unit()) {
        state.table.select(row);
    }
}
