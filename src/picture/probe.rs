//! Asks the terminal what it can show: all questions at once, one deadline for all answers.
//!
//! Ours, because the libraries that show pixels ask with no deadline or leave a reader behind on stdin; a terminal that
//! answers nothing (a test harness, a serial line) costs the deadline once and nothing else.

use std::time::Duration;

use super::graphics::is_remote;
use super::replies::Replies;
use crate::output::color::Env;

/// How long answers may take, here and over SSH, unless `VITSCOPE_PROBE_MS` says otherwise.
const HERE: Duration = Duration::from_millis(250);
const REMOTE: Duration = Duration::from_secs(1);

/// The longest that can be set: nobody waits longer for a picture.
const LONGEST: Duration = Duration::from_secs(30);

/// The deadline for this environment.
#[must_use]
pub fn deadline(env: Env) -> Duration {
    let set = env("VITSCOPE_PROBE_MS").and_then(|value| value.trim().parse().ok());
    match set {
        Some(millis) => Duration::from_millis(millis).min(LONGEST),
        None if is_remote(env) => REMOTE,
        None => HERE,
    }
}

/// The answers that arrive on stdin within `patience`; none where stdin and stdout are no terminals, or where the
/// terminal cannot be switched to pass on answers.
#[cfg(unix)]
#[must_use]
pub fn ask(patience: Duration) -> Replies {
    unix::ask(patience).unwrap_or_default()
}

/// Terminals of other systems are not asked.
#[cfg(not(unix))]
#[must_use]
pub fn ask(_patience: Duration) -> Replies {
    Replies::default()
}

/// Switches line editing and echo off while it lives: answers would otherwise show on the screen.
pub(super) struct Raw(());

impl Raw {
    /// Nothing where the terminal cannot be switched.
    pub(super) fn on() -> Option<Self> {
        crossterm::terminal::enable_raw_mode()
            .ok()
            .map(|()| Self(()))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal has gone if this fails.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Write};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::stdio::{stdin, stdout};
    use rustix::termios::tcgetwinsize;

    use super::Raw;
    use crate::picture::replies::{Reader, Replies};

    /// Kitty's graphics (a query with one pixel, which shows nothing), XTVERSION, the size of a cell, the background,
    /// and last DA1, which every terminal answers: after its answer none is to come.
    const QUESTIONS: &[u8] =
        b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[16t\x1b]11;?\x1b\\\x1b[c";

    pub(super) fn ask(patience: Duration) -> Option<Replies> {
        let end = Instant::now() + patience;
        let raw = Raw::on()?;
        let mut out = io::stdout().lock();
        out.write_all(QUESTIONS).and_then(|()| out.flush()).ok()?;
        drop(out);
        let mut reader = Reader::default();
        while !reader.is_done() && arrives_before(end) {
            let mut bytes = [0; 1024];
            match rustix::io::read(stdin(), &mut bytes) {
                Ok(0) => break,
                Ok(count) => reader.feed(&bytes[..count]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => break,
            }
        }
        drop(raw);
        let mut replies = reader.finish();
        replies.cell = replies.cell.or_else(cell_of_window);
        Some(replies)
    }

    /// Whether there is something to read before `end`.
    fn arrives_before(end: Instant) -> bool {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let timeout = Timespec {
                tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            let input = stdin();
            let mut watched = [PollFd::new(&input, PollFlags::IN)];
            match poll(&mut watched, Some(&timeout)) {
                Ok(0) => return false,
                Ok(_) => return watched[0].revents().contains(PollFlags::IN),
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// Pixels of the window by its cells, where the terminal tells the kernel.
    fn cell_of_window() -> Option<(u16, u16)> {
        let size = tcgetwinsize(stdout()).ok()?;
        let width = size.ws_xpixel.checked_div(size.ws_col)?;
        let height = size.ws_ypixel.checked_div(size.ws_row)?;
        (width > 0 && height > 0).then_some((width, height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_is_longer_over_ssh_and_can_be_set() {
        let with = |name: &'static str, value: &'static str| {
            deadline(&move |asked: &str| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(with("", ""), HERE);
        assert_eq!(with("SSH_CONNECTION", "10.0.0.1 22"), REMOTE);
        assert_eq!(with("VITSCOPE_PROBE_MS", "40"), Duration::from_millis(40));
        assert_eq!(with("VITSCOPE_PROBE_MS", "99999999"), LONGEST);
        assert_eq!(with("VITSCOPE_PROBE_MS", "soon"), HERE);
    }
}
