//! Typing in the command palette, and what is typed there: a few commands with an argument, and any statement.

use super::super::event::Effect;
use super::super::palette::Palette;
use super::super::state::{Layer, State};
use super::super::theme::Theme;
use super::requests::run;

/// Opens the palette on `text`.
pub(super) fn retype(state: &mut State, text: String) {
    state.editor.popup = None;
    state.layer = Layer::Palette(Palette::new(text, &state.knowledge));
}

/// A command with an argument, or a statement.
pub(super) fn command(state: &mut State, text: &str) -> Vec<Effect> {
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
