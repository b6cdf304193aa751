//! What an event does to the state.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::event::{Effect, Event};
use super::super::keys;
use super::super::layout::Pane;
use super::super::state::{Layer, State};
use super::requests::sift;
use super::{actions, map, messages, mouse, palette};

/// Takes in one event.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let effects = match event {
        Event::Key(key) => press(state, key),
        Event::Mouse(mouse) => mouse::mouse(state, mouse),
        Event::Paste(text) => paste(state, &text),
        Event::Resize(columns, rows) => {
            state.size = (columns, rows);
            vec![Effect::Redraw]
        }
        Event::Worker(msg) => messages::take(state, msg),
        Event::Tick(now) => {
            state.now = now;
            map::follow(state)
        }
    };
    state.settle();
    effects
}

fn press(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(action) = keys::action(state.context(), key) {
        return actions::act(state, action);
    }
    let plain = !key
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match &mut state.layer {
        Layer::Nothing if state.focus == Pane::Query => {
            state
                .editor
                .press(key.into(), state.knowledge.assist.as_ref());
            Vec::new()
        }
        Layer::Filter if plain => {
            let mut filter = state.table.arrangement.filter.clone();
            edit(&mut filter, key.code);
            sift(state, filter)
        }
        Layer::Palette(palette) if plain => {
            let mut text = palette.text.clone();
            edit(&mut text, key.code);
            palette::retype(state, text);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Typing at the end of a line.
fn edit(text: &mut String, code: KeyCode) {
    match code {
        KeyCode::Char(c) => text.push(c),
        KeyCode::Backspace => {
            text.pop();
        }
        _ => {}
    }
}

/// Text from elsewhere goes where text goes, and else into the query.
fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    match &mut state.layer {
        Layer::Filter => {
            let filter = format!("{}{}", state.table.arrangement.filter, text.trim());
            sift(state, filter)
        }
        Layer::Palette(palette) => {
            let text = format!("{}{}", palette.text, text.replace('\n', " "));
            palette::retype(state, text);
            Vec::new()
        }
        Layer::Overlay(_) => Vec::new(),
        Layer::Nothing => {
            state.focus = Pane::Query;
            state.editor.popup = None;
            state.editor.insert(&text);
            Vec::new()
        }
    }
}
