//! The full-screen interface at a pseudo terminal, on the demo's store.

use std::path::Path;

use portable_pty::CommandBuilder;

use crate::support::pty::{Pty, SILENT, Script, vitscope};
use crate::support::shell::{self, demo};

const SIZE: (u16, u16) = (180, 40);

fn tui(history: &Path, more: &[&str]) -> CommandBuilder {
    let store = demo().store.display().to_string();
    let mut command = vitscope(["--store", &store, "tui"].iter().chain(more));
    command.env("XDG_STATE_HOME", history);
    command.env("COLORTERM", "truecolor");
    command
}

#[track_caller]
fn shows(pty: &mut Pty, text: &str) {
    pty.wait_until(&format!("no “{text}” on the screen"), |screen| {
        screen.contents().contains(text)
    });
}

/// Layer and head of dinov2 that score highest for texture.
fn strongest() -> (usize, usize) {
    let rank = "rank heads for texture in dinov2 limit 1 | select layer, head";
    let ran = shell::on(&demo().store, &["--format", "csv", "-c", rank]).ok();
    let (layer, head) = ran.rows()[0].split_once(',').expect("two numbers");
    (
        layer.parse().expect("a layer"),
        head.parse().expect("a head"),
    )
}

#[test]
fn a_question_is_typed_answered_explored_on_the_map_and_the_terminal_restored() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pty = Pty::start(tui(folder.path(), &[]), SIZE, SILENT);
    let before = pty.modes_before.clone();
    shows(&mut pty, "1 query: store");
    shows(&mut pty, "dinov2");
    // A completion brings the blank behind it.
    pty.press("rank heads for textu\tin dinov2\r");
    shows(&mut pty, "correlation with texture in dinov2");
    let (layer, head) = strongest();
    shows(&mut pty, &format!("head {layer}.{head}"));
    assert_ne!(pty.modes(), before, "raw while it runs");
    // To the map, whose cursor stands on the strongest head, one up, and images by that head.
    pty.press("\x1bOS");
    pty.press("k");
    let above = format!("head {}.{head}", layer - 1);
    shows(&mut pty, &above);
    pty.press("\r");
    shows(&mut pty, &format!("by {above}"));
    shows(&mut pty, "pictures: 1 of 8");
    let coloured = |screen: &vt100::Screen| {
        let cells = (0..SIZE.1).flat_map(|row| (0..SIZE.0).map(move |col| (row, col)));
        cells
            .filter_map(|(row, col)| screen.cell(row, col))
            .filter(|cell| cell.contents() == "▀")
            .count()
    };
    pty.wait_until("no picture", |screen| coloured(screen) > 50);
    pty.press("q");
    assert_eq!(pty.end(), 0);
    assert_eq!(pty.modes(), before);
    let screen = pty.screen();
    assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    let history = std::fs::read_to_string(folder.path().join("vitscope/history"));
    let history = history.expect("the prompt's own history");
    assert!(
        history.contains("rank heads for texture in dinov2"),
        "{history}"
    );
}

#[test]
fn a_resized_window_is_drawn_anew_down_to_a_sentence() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pty = Pty::start(tui(folder.path(), &["--no-mouse"]), SIZE, SILENT);
    shows(&mut pty, "5 catalog");
    assert_eq!(
        pty.screen().mouse_protocol_mode(),
        vt100::MouseProtocolMode::None
    );
    pty.resize(20, 5);
    shows(&mut pty, "Ctrl-Q quits");
    pty.wait_until("old panes stay", |screen| {
        !screen.contents().contains("catalog")
    });
    pty.resize(40, 12);
    shows(&mut pty, "1 query");
    pty.resize(200, 50);
    shows(&mut pty, "4 pictures");
    pty.press("\x11");
    assert_eq!(pty.end(), 0);
}

#[test]
fn a_mistake_is_explained_and_the_next_question_answered() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pty = Pty::start(tui(folder.path(), &[]), SIZE, SILENT);
    shows(&mut pty, "1 query: store");
    pty.press("rank heads for texture in dino2\r");
    shows(&mut pty, "did you mean");
    pty.press("show models\r");
    shows(&mut pty, "maxvit");
    shows(&mut pty, "6 rows");
    pty.press("quit\r");
    assert_eq!(pty.end(), 0);
}

/// A kitty that answers what it is asked before the interface starts.
const KITTY: Script = &[
    (
        b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
    ),
    (b"\x1b[>q", b"\x1bP>|kitty(0.32.1)\x1b\\"),
    (b"\x1b[16t", b"\x1b[6;20;10t"),
    (b"\x1b[c", b"\x1b[?62;c"),
];

#[test]
fn where_the_terminal_has_pixels_images_are_shown_so_and_taken_away_under_help() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = tui(folder.path(), &[]);
    command.env("VITSCOPE_PROBE_MS", "20000");
    let mut pty = Pty::start(command, SIZE, KITTY);
    let before = pty.modes_before.clone();
    shows(&mut pty, "1 query: store");
    pty.press("retrieve 4 images for \"fish\" in dinov2\r");
    shows(&mut pty, "pictures: 1 of 4");
    pty.wait_for_bytes(b"\x1b_Gf=100,a=T,q=2,c=");
    assert!(!pty.text().contains('▀'), "no half blocks below");
    assert!(!pty.wrote(b"\x1bP"), "sixel is not mixed in");
    // Help lies over the panes; the image would lie over it.
    let taken_away = b"\x1b_Ga=d,d=I,i=7,q=2\x1b\\";
    assert!(!pty.wrote(taken_away));
    pty.press("\x1bOP");
    shows(&mut pty, "Everywhere");
    pty.wait_for_bytes(taken_away);
    pty.press("\x11");
    assert_eq!(pty.end(), 0);
    assert_eq!(pty.modes(), before);
}

#[test]
fn without_a_terminal_one_sentence_says_so() {
    let ran = shell::on(&demo().store, &["tui"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("needs a terminal"), "{}", ran.err);
    assert!(!ran.err.contains('\x1b'));
}
