//! The prompt at a terminal.

use crate::support::pty::{Pty, SILENT, vitscope};
use crate::support::shell::demo;

#[test]
fn a_query_is_typed_completed_answered_and_the_prompt_left() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = demo().store.to_str().expect("a path in UTF-8");
    let mut command = vitscope(["--store", store]);
    command.env("VITSCOPE_HISTORY", folder.path().join("history"));
    let mut terminal = Pty::start(command, (100, 40), SILENT);
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
    assert_eq!(terminal.end(), 0, "an error at the prompt is no failure");
    assert_eq!(terminal.modes(), terminal.modes_before);
}

#[test]
fn what_is_typed_stays_on_the_screen_when_its_size_changes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = demo().store.to_str().expect("a path in UTF-8");
    let mut command = vitscope(["--quiet", "--store", store]);
    command.env("VITSCOPE_HISTORY", folder.path().join("history"));
    let mut terminal = Pty::start(command, (100, 40), SILENT);
    terminal.wait_for_bytes(b"store");
    terminal.press("show mod");
    terminal.wait_until("no “show mod”", |screen| {
        screen.contents().contains("store> show mod")
    });
    terminal.resize(60, 12);
    terminal.press("els");
    terminal.wait_until("no “show models”", |screen| {
        screen.contents().contains("> show models")
    });
    assert!(!terminal.screen().alternate_screen());
    assert!(!terminal.wrote(b"\x1b_G"), "nothing is asked while typing");
}
