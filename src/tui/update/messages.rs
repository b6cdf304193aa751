//! What working threads say, and what it does to the state.

use std::sync::Arc;

use super::super::event::{Effect, Msg};
use super::super::map::UnitMap;
use super::super::state::{Job, Shown, State};
use super::super::table::Table;
use super::selection;
use crate::interface::answer::{Answer, Picture, rows_in_words};
use crate::interface::failure::{Exit, Failure};

/// Takes in one message.
pub(super) fn take(state: &mut State, msg: Msg) -> Vec<Effect> {
    match msg {
        Msg::Started(statement) => {
            let stopping = state.job.as_ref().is_some_and(|job| job.stopping);
            state.job = Some(Job {
                statement,
                since: state.now,
                stage: None,
                stopping,
            });
        }
        Msg::Progress(what, done, total) => {
            if let Some(job) = &mut state.job {
                job.stage = Some((what, done, total));
            }
        }
        Msg::StageOver => {
            if let Some(job) = &mut state.job {
                job.stage = None;
            }
        }
        Msg::Note(sentence) => state.say(sentence),
        Msg::Answer(answer) => keep(state, answer),
        Msg::Text(text) => {
            state.scroll = 0;
            state.shown = Shown::Text(text);
        }
        Msg::Done(statement) => state.succeeded.push(statement),
        Msg::Failed(failure) => fail(state, failure),
        Msg::Farewell => return vec![Effect::Quit],
        Msg::Idle(knowledge) => {
            state.job = None;
            state.knowledge = knowledge;
        }
        Msg::Arranged(generation, order) => {
            state.table.take(generation, order);
            selection::row_selected(state);
        }
        Msg::Said(Ok(sentence)) => state.say(sentence),
        Msg::Said(Err(sentence)) => state.complain(sentence),
    }
    Vec::new()
}

/// How many answers can be gone back to.
const REMEMBERED: usize = 50;

/// Shows an answer and keeps it.
fn keep(state: &mut State, answer: Arc<Answer>) {
    for note in &answer.notes {
        state.say(note.clone());
    }
    if answer.frame.width() > 0 {
        let rows = rows_in_words(answer.frame.height());
        let seconds = answer.elapsed.as_secs_f64();
        let cached = if answer.cached {
            ", all from the store"
        } else {
            ""
        };
        state.say(format!("{rows} in {seconds:.2} s{cached}"));
    }
    show(state, &answer);
    state.answers.push(answer);
    if state.answers.len() > REMEMBERED {
        state.answers.remove(0);
    }
}

/// Shows the answer before the one that is shown, or after it.
pub(super) fn other_answer(state: &mut State, later: bool) {
    let here = |answer: &Arc<Answer>| Arc::ptr_eq(answer, &state.answer);
    let Some(at) = state.answers.iter().position(here) else {
        return;
    };
    let other = if later {
        Some(at + 1)
    } else {
        at.checked_sub(1)
    };
    let Some(answer) = other.and_then(|at| state.answers.get(at)).cloned() else {
        let end = if later { "last" } else { "first" };
        state.say(format!("this is the {end} answer"));
        return;
    };
    show(state, &answer);
}

/// Puts an answer into the panes. What it has no part for stays: images found from a map leave the map.
fn show(state: &mut State, answer: &Arc<Answer>) {
    let rows = answer.frame.height();
    if answer.frame.width() > 0 {
        state.table = Table::new(answer.frame.clone(), state.table.generation);
        state.shown = Shown::Table;
    } else {
        state.shown = Shown::Text(answer.notes.join("\n"));
    }
    state.scroll = 0;
    state.answer = Arc::clone(answer);
    let (mut grids, mut images, mut charts) = (Vec::new(), Vec::new(), Vec::new());
    for picture in &answer.pictures {
        match picture {
            Picture::UnitGrid(grid) => grids.push(grid.clone()),
            Picture::Images(some) => {
                images.extend(some.iter().map(|one| Picture::Images(vec![one.clone()])));
            }
            chart => charts.push(chart.clone()),
        }
    }
    state.pictures.follow_rows = !images.is_empty() && images.len() == rows;
    images.extend(charts);
    if !images.is_empty() {
        state.pictures.all = images;
        state.pictures.shown = 0;
    }
    if let Some(mut map) = UnitMap::new(grids) {
        if let Some(before) = state.map.take() {
            map.inherit(before);
        }
        state.map = Some(map);
    }
    selection::row_selected(state);
}

fn fail(state: &mut State, failure: Failure) {
    if failure.exit == Exit::Cancelled {
        state.say("stopped; nothing half-done was kept");
        return;
    }
    if failure.is_silent() {
        return;
    }
    state.complain(failure.to_string());
    state.scroll = 0;
    state.shown = Shown::Failure(failure);
}
