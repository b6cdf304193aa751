//! Work aside: on a thread with a deep stack, while this one listens for Ctrl-C.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::desk::DeskError;
use crate::work::cancel::Cancel;

/// How often a running query looks whether it should stop.
const LOOK_UP: Duration = Duration::from_millis(30);

/// polars goes down a level for every `or` and `+`, with some 60 KB of stack. This much is reserved, not used.
const STACK: usize = 1 << 30;

/// Does polars' work aside, on a stack deep enough for it, so that Ctrl-C brings the prompt back at once; what was begun
/// ends by itself.
///
/// # Errors
/// When there is no memory for it, or polars gives up; [`DeskError::Cancelled`].
pub(super) fn aside<T: Send + 'static>(
    cancel: &Cancel,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    let (send, answer) = channel();
    let started = thread::Builder::new().stack_size(STACK).spawn(move || {
        // Nobody listens any more after Ctrl-C.
        let _ = send.send(work());
    });
    if let Err(error) = started {
        return Err(DeskError::refused(
            format!("there is no memory for this query: {error}"),
            "try it in smaller steps, each kept with `into NAME`",
        ));
    }
    loop {
        match answer.recv_timeout(LOOK_UP) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => cancel.check()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(DeskError::refused(
                    "polars gave up on this query",
                    "try it in smaller steps, each kept with `into NAME`",
                ));
            }
        }
    }
}
