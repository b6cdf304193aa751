//! The prompt at a real terminal, by util-linux's `script`, which lends the binary one.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::support::shell::demo;

/// The most that anything at the prompt may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Terminal {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// Everything that was written, escape sequences included: they may arrive in halves.
    written: Vec<u8>,
    /// How much of the text on the screen was looked at.
    seen: usize,
}

impl Terminal {
    fn open(history: &std::path::Path) -> Self {
        let command = format!(
            "{} --store {}",
            env!("CARGO_BIN_EXE_vitscope"),
            demo().store.display()
        );
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env("VITSCOPE_HISTORY", history)
            .env_remove("VITSCOPE_STORE")
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` of util-linux");
        let keys = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        let (send, screen) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            keys,
            screen,
            written: Vec::new(),
            seen: 0,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a terminal");
        self.keys.flush().expect("a terminal");
    }

    /// Waits for `text` on the screen, colours left out, behind what was waited for before.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        loop {
            let screen = without_escapes(&String::from_utf8_lossy(&self.written));
            let unseen = screen.get(self.seen..).unwrap_or_default();
            if let Some(at) = unseen.find(text) {
                self.seen += at + text.len();
                return;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.written.extend(bytes),
                Err(why) => panic!("no “{text}” ({why}) in:\n{unseen}"),
            }
        }
    }
}

/// The text without `ESC [ … letter`.
fn without_escapes(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == '\x1b' {
            let _sequence = characters.find(char::is_ascii_alphabetic);
        } else {
            shown.push(c);
        }
    }
    shown
}

#[test]
fn a_query_is_typed_completed_answered_and_the_prompt_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut terminal = Terminal::open(&folder.path().join("history"));
    terminal.wait_for("Ctrl-D");
    terminal.wait_for("store> ");
    terminal.press("rank heads for textu\t in dinov2 limit 3\r");
    terminal.wait_for("correlation with texture in dinov2");
    terminal.wait_for("3 rows");
    terminal.press("rank heads for texture in dino2\r");
    terminal.wait_for("did you mean");
    terminal.press("help\r");
    terminal.wait_for("help TOPIC tells more");
    // Only at the prompt is the terminal raw: before, Ctrl-D would not reach the editor as a key.
    terminal.wait_for("store> ");
    terminal.press("\x04");
    let ended = terminal.child.wait().expect("a child of ours");
    assert_eq!(
        ended.code(),
        Some(0),
        "an error at the prompt is no failure"
    );
}
