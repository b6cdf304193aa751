//! What actions do in the catalog.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::layout::Pane;
use super::super::state::State;
use super::requests::{copy, run};

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
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
                    state.focus_on(Pane::Query);
                    state.editor.insert_name(&name);
                }
            }
        }
        _ => {}
    }
    Vec::new()
}
