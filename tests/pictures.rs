//! Pictures at terminals of every kind, the other end of the pseudo terminal playing them.

use std::path::Path;

use crate::support::pty::{Pty, SILENT, Script, vitscope};
use crate::support::shell::{ask, demo, on};

const RETRIEVE: &str = "retrieve 4 images for \"fish\" in dinov2";

const KITTY_ASKED: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";

const KITTY: Script = &[
    (KITTY_ASKED, b"\x1b_Gi=31;OK\x1b\\"),
    (b"\x1b[>q", b"\x1bP>|kitty(0.32.1)\x1b\\"),
    (b"\x1b[16t", b"\x1b[6;20;10t"),
    (b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:1010/1010/1010\x1b\\"),
    (b"\x1b[c", b"\x1b[?62;c"),
];

const ITERM: Script = &[
    (b"\x1b[>q", b"\x1bP>|iTerm2 3.5.4\x1b\\"),
    (b"\x1b[c", b"\x1b[?1;2;4c"),
];

const FOOT: Script = &[
    (b"\x1b[>q", b"\x1bP>|foot(1.16.2)\x1b\\"),
    (b"\x1b[16t", b"\x1b[6;20;10t"),
    (b"\x1b[c", b"\x1b[?62;4;22c"),
];

/// A multiplexer that says so itself, and answers for the terminal around it.
const TMUX: Script = &[
    (KITTY_ASKED, b""),
    (b"\x1b[>q", b"\x1bP>|tmux 3.4\x1b\\"),
    (b"\x1b[c", b"\x1b[?1;2;4c"),
];

/// Runs the query on a terminal to its end, which leaves the terminal as it was.
#[track_caller]
fn shown(script: Script, arguments: &[&str], variables: &[(&str, &str)]) -> Pty {
    let store = demo().store.to_str().expect("a path in UTF-8");
    let mut command = vitscope(["--store", store, "-c", RETRIEVE]);
    command.args(arguments);
    // Terminals answer at once, but this machine may be busy.
    command.env("VITSCOPE_PROBE_MS", "20000");
    for (name, value) in variables {
        command.env(name, value);
    }
    let mut terminal = Pty::start(command, (100, 50), script);
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    assert_eq!(terminal.modes(), terminal.modes_before);
    assert!(terminal.text().contains("1. "), "the first caption");
    let screen = terminal.screen().contents();
    for answer in ["62;", "iTerm2", "kitty(", "rgb:"] {
        assert!(!screen.contains(answer), "an answer shows:\n{screen}");
    }
    terminal
}

fn blocks(terminal: &Pty) -> bool {
    terminal.text().contains('▀')
}

fn pixels(terminal: &Pty) -> bool {
    let starts: [&[u8]; 3] = [b"\x1b_Gf=", b"\x1b]1337;File=", b"\x1bP"];
    starts.iter().any(|start| terminal.wrote(start))
}

#[test]
fn kitty_gets_its_own_protocol() {
    let terminal = shown(KITTY, &[], &[]);
    assert!(terminal.wrote(b"\x1b_Gf=100,a=T,q=2,c="));
    assert!(!blocks(&terminal) && !terminal.wrote(b"\x1b]1337") && !terminal.wrote(b"\x1bP"));
}

#[test]
fn over_ssh_a_grid_of_images_is_seen_within_three_seconds_at_a_megabit() {
    let here = shown(KITTY, &[], &[]);
    let remote = shown(
        KITTY,
        &[],
        &[("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")],
    );
    assert!(remote.wrote(b"\x1b_Gf=100,a=T,q=2,c="));
    let seconds = |terminal: &Pty| terminal.written.len() as f64 * 8.0 / 1e6;
    assert!(seconds(&remote) < 2.5, "{} s", seconds(&remote));
    assert!(seconds(&remote) < seconds(&here));
    let blocks = shown(KITTY, &["--images", "blocks"], &[]);
    assert!(seconds(&blocks) < 0.8, "{} s", seconds(&blocks));
}

#[test]
fn iterm_gets_its_own_protocol() {
    let terminal = shown(ITERM, &[], &[]);
    assert!(terminal.wrote(b"\x1b]1337;File=inline=1;size="));
    assert!(!blocks(&terminal) && !terminal.wrote(b"\x1b_Gf="));
}

#[test]
fn a_sixel_terminal_gets_sixel() {
    let terminal = shown(FOOT, &[], &[]);
    // 100 columns of 10 pixels, to the multiple of 6 that the encoder can do.
    assert!(terminal.wrote(b"\x1bPq\"1;1;996;") && !blocks(&terminal));
    assert!(!terminal.wrote(b"\x1b_Gf=") && !terminal.wrote(b"\x1b]1337"));
}

#[test]
fn inside_tmux_come_half_blocks_whoever_says_that_it_is_tmux() {
    let by_variable = shown(KITTY, &[], &[("TMUX", "/tmp/tmux-0/default,1,0")]);
    assert!(blocks(&by_variable) && !pixels(&by_variable));
    assert!(!by_variable.wrote(KITTY_ASKED), "nobody is asked");
    let by_answer = shown(TMUX, &[], &[]);
    assert!(blocks(&by_answer) && !pixels(&by_answer) && by_answer.wrote(KITTY_ASKED));
}

#[test]
fn a_silent_terminal_gets_half_blocks_after_the_deadline() {
    let terminal = shown(SILENT, &[], &[("VITSCOPE_PROBE_MS", "300")]);
    assert!(terminal.wrote(KITTY_ASKED) && blocks(&terminal) && !pixels(&terminal));
    assert!(terminal.wrote(b"38;5;"), "the depth that TERM names");
    let forced = shown(
        SILENT,
        &["--images", "kitty"],
        &[("VITSCOPE_PROBE_MS", "300")],
    );
    assert!(forced.wrote(b"\x1b_Gf=100") && !blocks(&forced));
    let sixel = shown(
        SILENT,
        &["--images", "sixel"],
        &[("VITSCOPE_PROBE_MS", "300")],
    );
    assert!(
        blocks(&sixel) && !pixels(&sixel),
        "what nobody answers is not drawn"
    );
}

#[test]
fn a_flag_or_a_variable_overrules_what_the_terminal_answers() {
    let terminal = shown(KITTY, &["--images", "blocks"], &[]);
    assert!(blocks(&terminal) && !terminal.wrote(KITTY_ASKED));
    let terminal = shown(KITTY, &[], &[("VITSCOPE_IMAGES", "iterm")]);
    assert!(terminal.wrote(b"\x1b]1337;File=") && !terminal.wrote(b"\x1b_Gf="));
}

#[test]
fn without_colour_brightness_is_characters_and_nobody_is_asked() {
    let terminal = shown(KITTY, &[], &[("NO_COLOR", "1")]);
    assert!(!terminal.wrote(KITTY_ASKED) && !blocks(&terminal) && !pixels(&terminal));
    assert!(terminal.text().contains("####") || terminal.text().contains("===="));
}

#[test]
fn dumb_terminals_and_machine_formats_have_the_facts_and_no_picture() {
    let store = demo().store.to_str().expect("a path in UTF-8");
    for (name, format) in [("dumb", "table"), ("xterm-kitty", "csv")] {
        let arguments = ["--store", store, "--format", format, "-c", RETRIEVE];
        let mut command = vitscope(arguments);
        command.env("TERM", name);
        let mut terminal = Pty::start(command, (100, 50), KITTY);
        assert_eq!(terminal.end(), 0);
        assert!(!terminal.wrote(KITTY_ASKED) && !blocks(&terminal) && !pixels(&terminal));
        let text = terminal.text();
        assert!(text.contains("score") && text.contains("path") | text.contains("image"));
    }
    let piped = ask(&demo().store, RETRIEVE).ok();
    assert!(!piped.out.contains('\x1b') && !piped.out.contains('▀'));
}

#[test]
fn doctor_asks_and_explains() {
    let store = demo().store.to_str().expect("a path in UTF-8");
    for (script, says) in [(KITTY, "pixels (kitty)"), (TMUX, "tmux 3.4")] {
        let mut command = vitscope(["--store", store, "doctor"]);
        command.env("VITSCOPE_PROBE_MS", "20000");
        let mut terminal = Pty::start(command, (200, 50), script);
        assert_eq!(terminal.end(), 0);
        assert!(terminal.text().contains(says), "{}", terminal.text());
        assert_eq!(terminal.modes(), terminal.modes_before);
    }
}

#[test]
fn what_is_typed_while_the_terminal_is_asked_stands_at_the_next_prompt() {
    const TYPING: Script = &[(b"\x1b[c", b"show mod\x1b[?62;c")];
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = demo().store.to_str().expect("a path in UTF-8");
    let mut command = vitscope(["--quiet", "--store", store]);
    command.env("VITSCOPE_HISTORY", folder.path().join("history"));
    command.env("VITSCOPE_PROBE_MS", "20000");
    let mut terminal = Pty::start(command, (100, 60), TYPING);
    terminal.wait_for("store> ");
    terminal.press(&format!("{RETRIEVE}\r"));
    terminal.wait_until("no text that was typed ahead", |screen| {
        screen.contents().trim_end().ends_with("store> show mod")
    });
    terminal.press("els\r");
    terminal.wait_for("swin");
    terminal.wait_for("store> ");
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.modes(), terminal.modes_before);
}

fn saved(query: &str, path: &Path) -> crate::support::shell::Ran {
    on(
        &demo().store,
        &["-c", &format!("{query} | save \"{}\"", path.display())],
    )
}

#[test]
fn pictures_of_an_answer_are_saved_as_png() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("fish.png");
    saved(RETRIEVE, &file).ok();
    let images = image::open(&file).expect("a picture").to_rgb8();
    assert!(images.width() > 3 * images.height(), "four side by side");
    let colors: std::collections::HashSet<_> = images.pixels().collect();
    assert!(colors.len() > 20, "photographs have colours");

    let grid = folder.path().join("heads.PNG");
    saved("rank heads for texture in dinov2", &grid).ok();
    let grid = image::open(&grid).expect("a picture").to_rgb8();
    assert!(grid.width().is_multiple_of(24) && grid.height().is_multiple_of(24));

    let late = saved("rank heads for texture in dinov2 | take 3", &file);
    assert_eq!(late.code, Some(1));
    assert!(late.err.contains("whole answer"), "{}", late.err);
    let none = saved("show models", &folder.path().join("none.png"));
    assert_eq!(none.code, Some(1));
    assert!(none.err.contains("no picture") && !folder.path().join("none.png").exists());
}

#[test]
fn nobody_is_asked_for_pictures_that_are_characters_anyway() {
    let store = demo().store.to_str().expect("a path in UTF-8");
    let arguments = ["--store", store, "-c", "rank heads for texture in dinov2"];
    let mut terminal = Pty::start(vitscope(arguments), (100, 50), KITTY);
    assert_eq!(terminal.end(), 0);
    assert!(terminal.wrote(b"48;5;") && !terminal.wrote(KITTY_ASKED));
}

#[test]
fn rankings_with_stability_show_their_intervals() {
    let query = "rank heads for texture in dinov2 with stability limit 5";
    let arguments = ["--images", "blocks", "--color", "never", "-c", query];
    let shown = on(&demo().store, &arguments).ok().out;
    let axis: Vec<&str> = shown
        .lines()
        .filter(|line| line.contains('┤') && line.starts_with("head "))
        .collect();
    assert!(
        !axis.is_empty() && axis.iter().all(|line| line.contains('●')),
        "{shown}"
    );
}
