//! Ctrl-C: the first press stops the query, a second one within two seconds the program.

use std::io;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::interface::failure::Exit;
use crate::work::cancel::Cancel;

/// How soon a second press has to follow.
const IMPATIENCE: Duration = Duration::from_secs(2);

/// Whether another program has the terminal.
static ELSEWHERE: AtomicBool = AtomicBool::new(false);

/// Runs `work` while another program has the terminal: Ctrl-C is for that program, which gets it too.
pub fn while_terminal_is_lent<T>(work: impl FnOnce() -> T) -> T {
    ELSEWHERE.store(true, Ordering::Relaxed);
    let done = work();
    ELSEWHERE.store(false, Ordering::Relaxed);
    done
}

/// Connects Ctrl-C to `cancel` for the rest of the process.
///
/// # Errors
/// When the operating system refuses, or a handler is already installed.
pub fn install(cancel: Cancel) -> io::Result<()> {
    let last_press: Mutex<Option<Instant>> = Mutex::new(None);
    let handler = move || {
        if ELSEWHERE.load(Ordering::Relaxed) {
            return;
        }
        let now = Instant::now();
        let before = last_press
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(now);
        let again = before.is_some_and(|before| now.duration_since(before) < IMPATIENCE);
        // Not the second press if the first one has already done its work and another query runs.
        if again && cancel.requested() {
            process::exit(i32::from(Exit::Cancelled.code()));
        }
        cancel.request();
    };
    ctrlc::set_handler(handler).map_err(io::Error::other)
}
