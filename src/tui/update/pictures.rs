//! What actions do in the pictures.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::state::State;
use super::requests::copy;

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
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
