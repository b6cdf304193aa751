//! The last two lines: what is being done or was said, and which keys there are; the tabs of small windows.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::keys;
use super::super::layout::Pane;
use super::super::state::{Job, State};
use super::pane::{ellipsis, put};
use crate::output::width::{cut_middle, single_line, width};

/// Steps of the bar that shows how far a stage is.
const BAR: usize = 16;

/// What runs, with the time since it began; else what was said last.
pub(super) fn message(state: &State, area: Rect, frame: &mut Frame) {
    let columns = usize::from(area.width);
    if let Some(job) = &state.job {
        let text = cut_middle(&progress(state, job), columns, ellipsis(state));
        put(frame, area, 0, 0, &text, state.theme.heading());
        return;
    }
    let Some((wrong, text)) = state.messages.last() else {
        return;
    };
    let style = if *wrong {
        state.theme.error()
    } else {
        Style::new()
    };
    let text = cut_middle(&single_line(text), columns, ellipsis(state));
    put(frame, area, 0, 0, &text, style);
}

fn progress(state: &State, job: &Job) -> String {
    let elapsed = state.now.saturating_sub(job.since).as_secs_f64();
    let stop = if job.stopping {
        "stopping …"
    } else {
        "Esc stops"
    };
    let what = match &job.stage {
        Some((what, done, total)) if *total > 0 => {
            let filled = (BAR as u64 * (*done).min(*total) / total) as usize;
            let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled));
            format!("{bar} {done}/{total} {}", single_line(what))
        }
        Some((what, ..)) => single_line(what),
        None => single_line(&job.statement),
    };
    format!("{elapsed:.1} s  {stop}  {what}")
}

/// The keys that hold here, as many as fit.
pub(super) fn hints(state: &State, area: Rect, frame: &mut Frame) {
    let mut x = 0;
    for (key, hint) in keys::hints(state.context()) {
        let wide = width(&key) + 1 + width(hint);
        if x + wide > area.width.into() {
            break;
        }
        put(frame, area, x, 0, &key, state.theme.key());
        put(frame, area, x + width(&key) + 1, 0, hint, state.theme.dim());
        x += wide + 2;
    }
}

/// The names of all panes, the shown one selected.
pub(super) fn tabs(state: &State, area: Rect, frame: &mut Frame) {
    let mut x = 0;
    for (at, pane) in Pane::ALL.into_iter().enumerate() {
        let long = format!("{} {}", at + 1, pane.title());
        let short = format!("{}", at + 1);
        let focused = pane == state.focus;
        let narrow = area.width < 50 && !focused;
        let text = if narrow { short } else { long };
        let style = if focused {
            state.theme.selected(true)
        } else {
            state.theme.dim()
        };
        put(frame, area, x, 0, &format!(" {text} "), style);
        x += width(&text) + 3;
    }
}
