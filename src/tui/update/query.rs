//! What actions do in the query.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::state::State;
use super::requests::run;

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let editor = &mut state.editor;
    match (action, &mut editor.popup) {
        (Action::Accept, _) => editor.take(),
        (Action::Down, Some(popup)) => popup.step(true),
        (Action::Up, Some(popup)) => popup.step(false),
        (Action::Up, None) => editor.up(),
        (Action::Down, None) => editor.down(),
        (Action::Complete, _) => editor.complete(state.knowledge.assist.as_ref()),
        (Action::NewLine, _) => editor.new_line(),
        (Action::Submit, _) => {
            let text = editor.text();
            // An empty last line submits whatever is there, as at the prompt.
            let whole = text.ends_with('\n') || state.knowledge.assist.is_complete(&text);
            if whole {
                return submit(state);
            }
            editor.new_line();
        }
        _ => {}
    }
    Vec::new()
}

/// Runs the query, which then makes room for the next.
pub(super) fn submit(state: &mut State) -> Vec<Effect> {
    if state.editor.text().trim().is_empty() {
        return Vec::new();
    }
    let effects = run(state, &state.editor.text());
    if effects.is_empty() {
        return effects;
    }
    let text = state.editor.submit();
    let mut all = vec![Effect::Remember(text)];
    all.extend(effects);
    all
}
