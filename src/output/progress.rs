//! The progress bar: on stderr, only on a terminal, only for work that takes a moment, gone when the work is over.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::work::progress::Progress;

/// Shorter work shows nothing: a bar that flashes is worse than none.
const PATIENCE: Duration = Duration::from_millis(300);

/// Draws progress on stderr; cleared when the stage ends and when dropped, on errors too.
#[derive(Debug)]
pub struct Bar {
    current: Arc<Mutex<Option<ProgressBar>>>,
    visible: bool,
    ascii: bool,
}

impl Bar {
    /// A bar that draws if `wanted` and stderr is a terminal.
    #[must_use]
    pub fn new(wanted: bool, ascii: bool) -> Self {
        Self {
            current: Arc::default(),
            visible: wanted && io::stderr().is_terminal(),
            ascii,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<ProgressBar>> {
        lock(&self.current)
    }
}

/// A bar is only a drawing: if a thread panicked with it in hand, it is still fit to clear.
fn lock(bar: &Mutex<Option<ProgressBar>>) -> MutexGuard<'_, Option<ProgressBar>> {
    bar.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress for Bar {
    fn start(&self, what: &str, total: u64) {
        self.finish();
        if !self.visible {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        bar.set_style(style(total, self.ascii));
        bar.set_message(Cow::from(what.to_owned()));
        *self.lock() = Some(bar.clone());
        let current = Arc::downgrade(&self.current);
        thread::spawn(move || {
            thread::sleep(PATIENCE);
            let Some(current) = current.upgrade() else {
                return;
            };
            // Locked while the bar appears, so that `finish` comes either before (nothing is drawn) or after (it clears).
            let _running = lock(&current);
            if !bar.is_finished() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(Duration::from_millis(100));
            }
        });
    }

    fn advance(&self, done: u64) {
        if let Some(bar) = self.lock().as_ref() {
            bar.set_position(done);
        }
    }

    fn finish(&self) {
        if let Some(bar) = self.lock().take() {
            bar.finish_and_clear();
        }
    }

    fn note(&self, sentence: &str) {
        let write = || {
            // Narration that cannot be written is lost; the work goes on.
            let _ = writeln!(io::stderr(), "{sentence}");
        };
        match self.lock().as_ref() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}

fn style(total: u64, ascii: bool) -> ProgressStyle {
    let template = if total > 0 {
        "{msg} [{wide_bar}] {pos}/{len}, {eta} left"
    } else {
        "{spinner} {msg}, {elapsed}"
    };
    let (bar, spinner) = if ascii {
        ("=> ", "-\\|/ ")
    } else {
        ("━╸ ", "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
    };
    ProgressStyle::with_template(template)
        .expect("the template is one of the two above")
        .progress_chars(bar)
        .tick_chars(spinner)
}
