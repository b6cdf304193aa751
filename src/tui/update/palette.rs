//! The command palette: things to do by name, a few commands with an argument, and any statement.

use super::super::event::Effect;
use super::super::keys::{Action, Context};
use super::super::state::{Entry, Palette, State, Top};
use super::super::theme::Theme;
use super::{act, panes, run};

/// Opens the palette on `text`.
pub(super) fn retype(state: &mut State, text: String) {
    state.editor.popup = None;
    state.top = Top::Palette(Palette::new(text, &state.knowledge));
}

pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    let Top::Palette(palette) = &mut state.top else {
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

fn accept(state: &mut State, mut palette: Palette) -> Vec<Effect> {
    match palette.chosen {
        Some(at) => match palette.entries.swap_remove(at) {
            Entry::Do(action, ..) => {
                state.top = Top::Nothing;
                perform(state, action)
            }
            Entry::Type(whole, ..) => {
                retype(state, whole);
                Vec::new()
            }
        },
        None => {
            state.top = Top::Nothing;
            command(state, palette.text.trim())
        }
    }
}

/// Does what the palette names, wherever the focus is.
fn perform(state: &mut State, action: Action) -> Vec<Effect> {
    let of = |context| {
        let mut table = super::super::keys::TABLE.iter();
        table.any(|b| b.context == context && b.action == action)
    };
    if of(Context::Everywhere) {
        act::act(state, action)
    } else if of(Context::Map) {
        panes::map(state, action)
    } else {
        panes::results(state, action)
    }
}

fn command(state: &mut State, text: &str) -> Vec<Effect> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim().trim_matches('"');
    match word {
        "" => Vec::new(),
        "q" | "quit" | "exit" => vec![Effect::Cancel, Effect::Quit],
        "w" | "write" => save(state, rest),
        "theme" => {
            match Theme::ALL.iter().find(|(name, _)| *name == rest) {
                Some((_, theme)) => state.theme = *theme,
                None => {
                    let words: Vec<&str> = Theme::ALL.iter().map(|(word, _)| *word).collect();
                    state.complain(format!("themes are {}", words.join(", ")));
                }
            }
            Vec::new()
        }
        _ => run(state, text),
    }
}

fn save(state: &mut State, path: &str) -> Vec<Effect> {
    if path.is_empty() {
        state.complain("say where: write tour.vq");
        return Vec::new();
    }
    if state.succeeded.is_empty() {
        state.complain("no statement has been answered yet, so there is nothing to save");
        return Vec::new();
    }
    let mut script = String::from("# A session of vitscope\n");
    for statement in &state.succeeded {
        script.push_str(statement.trim_end().trim_end_matches(';'));
        script.push_str(";\n");
    }
    vec![Effect::Save(path.into(), script)]
}
