//! What is asked of the threads that work and of the terminal.

use super::super::event::Effect;
use super::super::state::{Job, State};
use super::super::table::Arrangement;
use crate::output::width::{cut_middle, single_line};

/// Asks for the rows that contain `filter`.
pub(super) fn sift(state: &mut State, filter: String) -> Vec<Effect> {
    let sort = state.table.arrangement.sort;
    arrange(state, Arrangement { sort, filter })
}

/// Asks for the rows of the table in this arrangement, unless they are.
pub(super) fn arrange(state: &mut State, arrangement: Arrangement) -> Vec<Effect> {
    if arrangement == state.table.arrangement {
        return Vec::new();
    }
    let generation = state.table.ask(arrangement.clone());
    let frame = state.table.frame.clone();
    vec![Effect::Arrange(generation, frame, arrangement)]
}

/// Asks for a text of statements to be run, unless something runs.
pub(super) fn run(state: &mut State, text: &str) -> Vec<Effect> {
    if state.job.is_some() {
        state.complain("a query is running: Esc stops it");
        return Vec::new();
    }
    let job = Job {
        statement: text.trim().to_owned(),
        since: state.now,
        ..Job::default()
    };
    state.job = Some(job);
    vec![Effect::Run(text.to_owned())]
}

/// Puts text on the clipboard and says so.
pub(super) fn copy(state: &mut State, text: String) -> Vec<Effect> {
    if text.is_empty() {
        return Vec::new();
    }
    let shown = single_line(&text);
    let shown = cut_middle(&shown, 40, "…");
    state.say(format!("copied {shown}"));
    vec![Effect::Copy(text)]
}
