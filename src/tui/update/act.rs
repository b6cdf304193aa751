//! What each action does: the ones that hold everywhere and the query's here, those of other panes in `panes`.

use super::super::event::Effect;
use super::super::keys::{Action, Context};
use super::super::layout::Pane;
use super::super::state::{Overlay, State, Top};
use super::super::table::Arrangement;
use super::{arrange, hear, palette, panes, run};

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return vec![Effect::Cancel, Effect::Quit],
        Action::QuitIfEmpty if state.editor.is_empty() => return vec![Effect::Quit],
        Action::Interrupt => return interrupt(state),
        Action::Back => return back(state),
        Action::Run => return submit(state),
        Action::NextPane => focus(state, state.focus.step(1)),
        Action::PreviousPane => focus(state, state.focus.step(Pane::ALL.len() - 1)),
        Action::FocusQuery => focus(state, Pane::Query),
        Action::FocusResults => focus(state, Pane::Results),
        Action::FocusMap => focus(state, Pane::Map),
        Action::FocusPictures => focus(state, Pane::Pictures),
        Action::FocusCatalog => focus(state, Pane::Catalog),
        Action::EarlierAnswer => hear::other_answer(state, false),
        Action::LaterAnswer => hear::other_answer(state, true),
        Action::Zoom => state.zoom = !state.zoom,
        Action::NextTheme => {
            state.theme = state.theme.next();
            state.say(format!("theme {}", state.theme.word()));
        }
        Action::Help => state.top = Top::Overlay(Overlay::help(state.context())),
        Action::Messages => state.top = Top::Overlay(messages(state)),
        Action::OpenPalette => palette::retype(state, String::new()),
        Action::SaveSession => palette::retype(state, "write session.vq".into()),
        _ => return in_context(state, action),
    }
    Vec::new()
}

fn in_context(state: &mut State, action: Action) -> Vec<Effect> {
    match state.context() {
        Context::Query | Context::Completions => query(state, action),
        Context::Overlay => overlay(state, action),
        Context::Filter => {
            state.top = Top::Nothing;
            Vec::new()
        }
        Context::Palette => palette::act(state, action),
        Context::Results => panes::results(state, action),
        Context::Map => panes::map(state, action),
        Context::Pictures => panes::pictures(state, action),
        Context::Catalog => panes::catalog(state, action),
        Context::Everywhere => Vec::new(),
    }
}

/// Puts the focus on a pane; what lay on top goes.
pub(super) fn focus(state: &mut State, pane: Pane) {
    state.top = Top::Nothing;
    state.editor.popup = None;
    state.focus = pane;
}

fn query(state: &mut State, action: Action) -> Vec<Effect> {
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

fn submit(state: &mut State) -> Vec<Effect> {
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

fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.job.is_some() {
        return stop(state);
    }
    if state.editor.is_empty() {
        state.say("Ctrl-Q quits");
    } else {
        state.editor.set("");
    }
    state.top = Top::Nothing;
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
    match state.top {
        Top::Filter => {
            state.top = Top::Nothing;
            let sort = state.table.arrangement.sort;
            return arrange(
                state,
                Arrangement {
                    sort,
                    filter: String::new(),
                },
            );
        }
        Top::Overlay(_) | Top::Palette(_) => state.top = Top::Nothing,
        Top::Nothing if state.editor.popup.is_some() => state.editor.popup = None,
        Top::Nothing if state.job.is_some() => return stop(state),
        Top::Nothing if state.focus == Pane::Query => state.focus = Pane::Results,
        Top::Nothing => {}
    }
    Vec::new()
}

fn overlay(state: &mut State, action: Action) -> Vec<Effect> {
    let Top::Overlay(overlay) = &mut state.top else {
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

/// Puts text on the clipboard and says so.
pub(super) fn copy(state: &mut State, text: String) -> Vec<Effect> {
    if text.is_empty() {
        return Vec::new();
    }
    let shown = crate::output::width::single_line(&text);
    let shown = crate::output::width::cut_middle(&shown, 40, "…");
    state.say(format!("copied {shown}"));
    vec![Effect::Copy(text)]
}

fn messages(state: &State) -> Overlay {
    let line = |(wrong, text): &(bool, String)| {
        let mark = if *wrong { "error" } else { "" };
        (mark.to_owned(), text.clone())
    };
    let mut overlay = Overlay::new("messages", state.messages.iter().map(line).collect());
    let page = usize::from(state.size.1.saturating_sub(6)).max(1);
    overlay.scroll = overlay.lines.len().saturating_sub(page);
    overlay
}
