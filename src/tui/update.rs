//! What an event does to the state, and what it wants done outside: pure, so that every behaviour has a test without a
//! terminal.

mod act;
mod hear;
mod mouse;
mod palette;
mod panes;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::event::{Effect, Event};
use super::keys;
use super::layout::Pane;
use super::state::{State, Top};
use super::table::Arrangement;

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
        Event::Worker(msg) => hear::hear(state, msg),
        Event::Tick(now) => {
            state.now = now;
            panes::follow(state)
        }
    };
    state.settle();
    effects
}

fn press(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(action) = keys::action(state.context(), key) {
        return act::act(state, action);
    }
    let plain = !key
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match &mut state.top {
        Top::Nothing if state.focus == Pane::Query => {
            state
                .editor
                .press(key.into(), state.knowledge.assist.as_ref());
            Vec::new()
        }
        Top::Filter if plain => {
            let mut filter = state.table.arrangement.filter.clone();
            edit(&mut filter, key.code);
            sift(state, filter)
        }
        Top::Palette(palette) if plain => {
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
    match &mut state.top {
        Top::Filter => {
            let filter = format!("{}{}", state.table.arrangement.filter, text.trim());
            sift(state, filter)
        }
        Top::Palette(palette) => {
            let text = format!("{}{}", palette.text, text.replace('\n', " "));
            palette::retype(state, text);
            Vec::new()
        }
        Top::Overlay(_) => Vec::new(),
        Top::Nothing => {
            state.focus = Pane::Query;
            state.editor.popup = None;
            state.editor.insert(&text);
            Vec::new()
        }
    }
}

/// Asks for the rows that contain `filter`.
fn sift(state: &mut State, filter: String) -> Vec<Effect> {
    let sort = state.table.arrangement.sort;
    arrange(state, Arrangement { sort, filter })
}

fn arrange(state: &mut State, arrangement: Arrangement) -> Vec<Effect> {
    if arrangement == state.table.arrangement {
        return Vec::new();
    }
    let generation = state.table.ask(arrangement.clone());
    let frame = state.table.frame.clone();
    vec![Effect::Arrange(generation, frame, arrangement)]
}

/// Asks for a text of statements to be run, unless something runs.
fn run(state: &mut State, text: &str) -> Vec<Effect> {
    if state.job.is_some() {
        state.complain("a query is running: Esc stops it");
        return Vec::new();
    }
    let job = super::state::Job {
        statement: text.trim().to_owned(),
        since: state.now,
        ..super::state::Job::default()
    };
    state.job = Some(job);
    vec![Effect::Run(text.to_owned())]
}

#[cfg(test)]
mod tests;
