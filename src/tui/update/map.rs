//! What actions do in the unit map.

use super::super::event::Effect;
use super::super::keys::Action;
use super::super::map::Ask;
use super::super::state::State;
use super::requests::{copy, run};
use super::selection::unit_selected;

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
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
