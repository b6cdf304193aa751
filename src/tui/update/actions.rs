//! What each action does: those that hold everywhere, and those for what lies over the panes, here; those of a pane in
//! the file with its name.

use super::super::event::Effect;
use super::super::keys::{Action, Context, TABLE};
use super::super::layout::Pane;
use super::super::overlay::Overlay;
use super::super::palette::{Entry, Palette};
use super::super::state::{Layer, State};
use super::super::table::Arrangement;
use super::requests::{arrange, copy};
use super::{catalog, map, messages, palette, pictures, query, results};

/// Does it, and says what that wants done outside.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Cancel, Effect::Quit],
        Action::QuitIfEmpty if state.editor.is_empty() => return vec![Effect::Quit],
        Action::Interrupt => return interrupt(state),
        Action::Back => return back(state),
        Action::Run => return query::submit(state),
        Action::NextPane => state.focus_on(state.focus.step(1)),
        Action::PreviousPane => state.focus_on(state.focus.step(Pane::ALL.len() - 1)),
        Action::FocusQuery => state.focus_on(Pane::Query),
        Action::FocusResults => state.focus_on(Pane::Results),
        Action::FocusMap => state.focus_on(Pane::Map),
        Action::FocusPictures => state.focus_on(Pane::Pictures),
        Action::FocusCatalog => state.focus_on(Pane::Catalog),
        Action::EarlierAnswer => messages::other_answer(state, false),
        Action::LaterAnswer => messages::other_answer(state, true),
        Action::Zoom => state.zoom = !state.zoom,
        Action::NextTheme => {
            state.theme = state.theme.next();
            state.say(format!("theme {}", state.theme.word()));
        }
        Action::Help => state.layer = Layer::Overlay(Overlay::help(state.context())),
        Action::Messages => state.layer = Layer::Overlay(said_so_far(state)),
        Action::OpenPalette => palette::retype(state, String::new()),
        Action::SaveSession => palette::retype(state, "write session.vq".into()),
        _ => return in_context(state, action),
    }
    Vec::new()
}

fn in_context(state: &mut State, action: Action) -> Vec<Effect> {
    match state.context() {
        Context::Query | Context::Completions => query::act(state, action),
        Context::Overlay => overlay(state, action),
        Context::Filter => {
            state.layer = Layer::Nothing;
            Vec::new()
        }
        Context::Palette => in_palette(state, action),
        Context::Results => results::act(state, action),
        Context::Map => map::act(state, action),
        Context::Pictures => pictures::act(state, action),
        Context::Catalog => catalog::act(state, action),
        Context::Everywhere => Vec::new(),
    }
}

fn in_palette(state: &mut State, action: Action) -> Vec<Effect> {
    let Layer::Palette(palette) = &mut state.layer else {
        return Vec::new();
    };
    match action {
        Action::Up => palette.step(false),
        Action::Down => palette.step(true),
        Action::Accept => {
            let palette = std::mem::take(palette);
            return accept(state, palette);
        }
        _ => {}
    }
    Vec::new()
}

/// Does what is chosen in the palette, or what was typed there.
fn accept(state: &mut State, mut palette: Palette) -> Vec<Effect> {
    match palette.chosen {
        Some(at) => match palette.entries.swap_remove(at) {
            Entry::Do(action, ..) => {
                state.layer = Layer::Nothing;
                perform(state, action)
            }
            Entry::Type(whole, ..) => {
                palette::retype(state, whole);
                Vec::new()
            }
        },
        None => {
            state.layer = Layer::Nothing;
            palette::command(state, palette.text.trim())
        }
    }
}

/// Does what the palette names, wherever the focus is.
fn perform(state: &mut State, action: Action) -> Vec<Effect> {
    let of = |context| {
        let mut table = TABLE.iter();
        table.any(|b| b.context == context && b.action == action)
    };
    if of(Context::Everywhere) {
        act(state, action)
    } else if of(Context::Map) {
        map::act(state, action)
    } else {
        results::act(state, action)
    }
}

fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.job.is_some() {
        return stop(state);
    }
    if state.editor.is_empty() {
        state.say("Ctrl-Q quits");
    } else {
        state.editor.set("");
    }
    state.layer = Layer::Nothing;
    Vec::new()
}

fn stop(state: &mut State) -> Vec<Effect> {
    if let Some(job) = &mut state.job {
        job.stopping = true;
        return vec![Effect::Cancel];
    }
    Vec::new()
}

/// Closes what lies on top; else stops what runs; else leaves the query.
fn back(state: &mut State) -> Vec<Effect> {
    match state.layer {
        Layer::Filter => {
            state.layer = Layer::Nothing;
            let sort = state.table.arrangement.sort;
            return arrange(
                state,
                Arrangement {
                    sort,
                    filter: String::new(),
                },
            );
        }
        Layer::Overlay(_) | Layer::Palette(_) => state.layer = Layer::Nothing,
        Layer::Nothing if state.editor.popup.is_some() => state.editor.popup = None,
        Layer::Nothing if state.job.is_some() => return stop(state),
        Layer::Nothing if state.focus == Pane::Query => state.focus = Pane::Results,
        Layer::Nothing => {}
    }
    Vec::new()
}

fn overlay(state: &mut State, action: Action) -> Vec<Effect> {
    let Layer::Overlay(overlay) = &mut state.layer else {
        return Vec::new();
    };
    let page = usize::from(state.size.1.saturating_sub(6)).max(1);
    let last = overlay.lines.len().saturating_sub(page);
    overlay.scroll = match action {
        Action::Up => overlay.scroll.saturating_sub(1),
        Action::Down => overlay.scroll + 1,
        Action::PageUp => overlay.scroll.saturating_sub(page),
        Action::PageDown => overlay.scroll + page,
        Action::Copy => {
            let text = overlay.text();
            return copy(state, text);
        }
        _ => overlay.scroll,
    }
    .min(last);
    Vec::new()
}

fn said_so_far(state: &State) -> Overlay {
    let line = |(wrong, text): &(bool, String)| {
        let mark = if *wrong { "error" } else { "" };
        (mark.to_owned(), text.clone())
    };
    let mut overlay = Overlay::new("messages", state.messages.iter().map(line).collect());
    let page = usize::from(state.size.1.saturating_sub(6)).max(1);
    overlay.scroll = overlay.lines.len().saturating_sub(page);
    overlay
}
