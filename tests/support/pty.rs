//! A pseudo terminal whose other end is the test: it starts the binary, answers the questions that a terminal is asked,
//! presses keys, and sees both the bytes that arrived and the screen they make. Nothing waits longer than [`PATIENCE`],
//! and what was started is killed when the terminal goes.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The most that anything at a terminal may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a terminal is asked, and what this one answers: every time the question is written, the answer is typed.
pub type Script = &'static [(&'static [u8], &'static [u8])];

/// A terminal that answers nothing.
pub const SILENT: Script = &[];

/// A running program and the terminal it runs on.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    arriving: Receiver<Vec<u8>>,
    /// Everything that was written, escape sequences included: they may arrive in halves.
    pub written: Vec<u8>,
    /// How much of the text was waited for already.
    seen: usize,
    screen: vt100::Parser,
    /// The terminal's modes before anything ran on it.
    pub modes_before: String,
}

/// The binary with `arguments`, and nothing of this process's environment.
pub fn vitscope<I: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = I>,
) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_vitscope"));
    command.env_clear();
    command.cwd(Path::new(env!("CARGO_MANIFEST_DIR")));
    command.env("HOME", "/nonexistent");
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    for argument in arguments {
        command.arg(argument);
    }
    command
}

impl Pty {
    /// Starts `command` on a terminal of `columns × rows` cells that answers as `script` says.
    pub fn start(command: CommandBuilder, (columns, rows): (u16, u16), script: Script) -> Self {
        let pair = native_pty_system()
            .openpty(size(columns, rows))
            .expect("a pseudo terminal");
        let master = pair.master;
        let modes_before = format!("{:?}", master.get_termios());
        let mut reader = master.try_clone_reader().expect("a reader");
        let keys = Arc::new(Mutex::new(master.take_writer().expect("a writer")));
        let child = pair.slave.spawn_command(command).expect("the binary runs");
        // The test's own copy of the other end would keep the terminal open after the program has gone.
        drop(pair.slave);
        let (send, arriving) = channel();
        let answering = keys.clone();
        thread::spawn(move || {
            let mut answers = Answers::new(script);
            let mut bytes = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let typed = answers.to(&bytes[..count]);
                if !typed.is_empty() {
                    let mut keys = answering.lock().expect("no test panics with the keys");
                    // A program that has ended reads no answers.
                    let _ = keys.write_all(&typed).and_then(|()| keys.flush());
                }
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            master,
            keys,
            arriving,
            written: Vec::new(),
            seen: 0,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            modes_before,
        }
    }

    /// Types `keys`.
    pub fn press(&mut self, keys: &str) {
        let mut writer = self.keys.lock().expect("no thread panics with the keys");
        writer.write_all(keys.as_bytes()).expect("a terminal");
        writer.flush().expect("a terminal");
    }

    /// Changes the size of the terminal, which the program is told.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).expect("a terminal");
        let screen = self.screen.screen_mut();
        screen.set_size(cells(rows), cells(columns));
    }

    /// What the terminal shows now.
    pub fn screen(&mut self) -> &vt100::Screen {
        while let Ok(bytes) = self.arriving.try_recv() {
            self.take(&bytes);
        }
        self.screen.screen()
    }

    /// The terminal's modes now, to compare with those before.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios())
    }

    /// Waits for `text` in what was written, escape sequences left out, behind what was waited for before.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let mut seen = self.seen;
        self.wait(&format!("no “{text}”"), |pty| {
            let shown = without_escapes(&pty.written);
            let at = shown.get(pty.seen..)?.find(text)?;
            seen = pty.seen + at + text.len();
            Some(())
        });
        self.seen = seen;
    }

    /// Waits for `bytes` anywhere in what was written.
    #[track_caller]
    pub fn wait_for_bytes(&mut self, bytes: &[u8]) {
        let what = format!("no “{}”", bytes.escape_ascii());
        self.wait(&what, |pty| pty.wrote(bytes).then_some(()));
    }

    /// Waits until the screen is as `test` wants it.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, test: impl Fn(&vt100::Screen) -> bool) {
        self.wait(what, |pty| test(pty.screen.screen()).then_some(()));
    }

    /// Whether `bytes` were written so far.
    pub fn wrote(&self, bytes: &[u8]) -> bool {
        find(&self.written, bytes).is_some()
    }

    /// What was written so far, without escape sequences.
    pub fn text(&self) -> String {
        without_escapes(&self.written)
    }

    /// Waits for the program to end, and for the last of what it wrote; gives its exit code.
    #[track_caller]
    pub fn end(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        // Until the other end is closed: its last words may arrive in several pieces.
        while self.receive(Duration::from_millis(100)) != Err(RecvTimeoutError::Disconnected) {
            assert!(Instant::now() < deadline, "still running:\n{}", self.text());
        }
        self.child.wait().expect("a child of ours").exit_code()
    }

    #[track_caller]
    fn wait(&mut self, what: &str, mut test: impl FnMut(&Self) -> Option<()>) {
        let deadline = Instant::now() + PATIENCE;
        while test(self).is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Err(why) = self.receive(left) {
                panic!("{what} ({why}) in:\n{}", self.text());
            }
        }
    }

    fn receive(&mut self, patience: Duration) -> Result<(), RecvTimeoutError> {
        let bytes = self.arriving.recv_timeout(patience)?;
        self.take(&bytes);
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.written.extend_from_slice(bytes);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // Fails when it has ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Finds questions in a stream of bytes, also those that arrive in halves.
struct Answers {
    script: Script,
    unread: Vec<u8>,
}

impl Answers {
    fn new(script: Script) -> Self {
        Self {
            script,
            unread: Vec::new(),
        }
    }

    /// The answers to the questions that end in `bytes`, in the order of the questions.
    fn to(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.unread.extend_from_slice(bytes);
        let mut typed = Vec::new();
        let first = |unread: &[u8]| {
            let asked = self.script.iter();
            asked
                .filter_map(|(question, answer)| {
                    Some((find(unread, question)?, question.len(), *answer))
                })
                .min_by_key(|(at, ..)| *at)
        };
        while let Some((at, length, answer)) = first(&self.unread) {
            typed.extend_from_slice(answer);
            self.unread.drain(..at + length);
        }
        let longest = self.script.iter().map(|(question, _)| question.len()).max();
        let keep = longest.unwrap_or(1) - 1;
        let done = self.unread.len().saturating_sub(keep);
        self.unread.drain(..done);
        typed
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has cells")
}

/// The text without control sequences (`ESC [ … letter`) and control strings (`ESC ] … BEL`, `ESC _ … ESC \`).
pub fn without_escapes(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\x1b' {
            shown.push(c);
            continue;
        }
        match characters.next() {
            Some('[') => {
                let _sequence = characters.find(|c| ('\x40'..='\x7e').contains(c));
            }
            Some(']' | '_' | 'P') => {
                while let Some(c) = characters.next() {
                    if c == '\x07' || c == '\x1b' && characters.next_if_eq(&'\\').is_some() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    shown
}

#[test]
fn questions_are_answered_in_their_order_also_in_halves() {
    let mut answers = Answers::new(&[(b"\x1b[c", b"one"), (b"\x1b[16t", b"two")]);
    assert_eq!(answers.to(b"text \x1b[16t \x1b[c \x1b"), b"twoone");
    assert_eq!(answers.to(b"[c"), b"one");
    assert_eq!(answers.to(b" [c"), b"");
    assert_eq!(
        without_escapes(b"a\x1b[1;2mb\x1b]11;?\x1b\\c\x1b_Gi=1;AAAA\x1b\\d"),
        "abcd"
    );
}
