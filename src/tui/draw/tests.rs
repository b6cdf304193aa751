//! Screens as text, with a letter per style below: files in `tests/fixtures/tui` that people read. After a change that is
//! meant, `VITSCOPE_RENEW_SCREENS=1 cargo test --release --lib tui::draw` writes them anew; look at the difference.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use image::{Rgb, RgbImage};
use polars::prelude::df;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::*;
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::interface::failure::{Exit, Failure};
use crate::interface::fake_engine::FakeEngine;
use crate::output::color::Depth;
use crate::tui::event::{Event, Msg};
use crate::tui::keys::Context;
use crate::tui::layout::Pane;
use crate::tui::map::sample;
use crate::tui::overlay::Overlay;
use crate::tui::state::{Job, State};
use crate::tui::update::update;
use crate::tui::worker;

/// A ranking with its map, an image, and half a query.
pub(in crate::tui) fn state(size: (u16, u16)) -> State {
    let mut state = State::new(worker::knowledge(&FakeEngine::default()), Vec::new(), size);
    let frame = df!(
        "unit" => ["head 1.1", "head 1.0", "head 0.0", "head 0.1"],
        "score" => [0.8, 0.2, 0.1, -0.4],
    );
    let image = RgbImage::from_fn(2, 2, |x, _| Rgb([if x == 0 { 255 } else { 0 }, 0, 0]));
    let answer = Answer {
        title: Some("correlation with texture in vit".into()),
        frame: frame.unwrap(),
        pictures: vec![
            Picture::UnitGrid(sample()),
            Picture::Images(vec![Captioned {
                image,
                caption: "red.png\nred, then black".into(),
            }]),
        ],
        notes: vec!["vit: 800 images".into()],
        ..Answer::default()
    };
    update(&mut state, Event::Worker(Msg::Answer(Arc::new(answer))));
    state.editor.insert("say \"a dog");
    state.settle();
    state
}

fn screen(state: &State) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(state.size.0, state.size.1)).unwrap();
    terminal.draw(|frame| draw(state, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    };
    let lines: Vec<String> = buffer.content.chunks(width).map(line).collect();
    lines.join("\n")
}

/// The screen, the same with a letter per style, and what the letters stand for.
fn written(buffer: &Buffer) -> String {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let width = usize::from(buffer.area.width);
    let mut styles: Vec<(Color, Color, Modifier)> = Vec::new();
    let mut letters = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        for cell in row {
            let style = (cell.fg, cell.bg, cell.modifier);
            line.push(
                if style == (Color::Reset, Color::Reset, Modifier::empty()) {
                    ' '
                } else {
                    let known = styles.iter().position(|s| *s == style);
                    let at = known.unwrap_or_else(|| {
                        styles.push(style);
                        styles.len() - 1
                    });
                    LETTERS.chars().nth(at).unwrap_or('?')
                },
            );
        }
        let _ = writeln!(letters, "{}", line.trim_end());
    }
    let mut out = format!("{}\n---\n{letters}---\n", text(buffer));
    for ((fg, bg, modifier), letter) in styles.iter().zip(LETTERS.chars()) {
        let _ = writeln!(out, "{letter} {fg} on {bg} {modifier:?}");
    }
    out
}

fn compare(name: &str, state: &State) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tui");
    let path = folder.join(format!("{name}.txt"));
    let now = written(&screen(state));
    if std::env::var_os("VITSCOPE_RENEW_SCREENS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == now, "{name} has changed; it is now:\n{now}");
}

#[test]
fn the_usual_window() {
    compare("80x24", &state((80, 24)));
}

#[test]
fn a_large_window_with_the_map_in_focus_and_a_marked_unit() {
    let mut state = state((200, 60));
    state.focus = Pane::Map;
    state.map.as_mut().unwrap().mark();
    compare("200x60", &state);
}

#[test]
fn a_small_window_has_one_pane_and_tabs() {
    let mut state = state((40, 12));
    state.focus = Pane::Results;
    compare("40x12", &state);
}

#[test]
fn a_tiny_window_says_what_is_needed() {
    let shown = text(&screen(&state((20, 5))));
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert_eq!(
        words.join(" "),
        "vitscope needs 30 columns and 8 rows. Ctrl-Q quits."
    );
}

#[test]
fn a_window_that_shrank_before_it_was_told_is_survived() {
    let state = state((200, 60));
    let mut terminal = Terminal::new(TestBackend::new(40, 12)).unwrap();
    terminal.draw(|frame| draw(&state, frame)).unwrap();
    assert_eq!(text(terminal.backend().buffer()).trim(), "");
}

#[test]
fn strongest_and_weakest_units_have_the_colours_of_their_signs() {
    let state = state((80, 24));
    let buffer = screen(&state);
    let places = state.places().unwrap();
    let inside = places.inside(Pane::Map);
    let color_of = |row: u16, col: u16| {
        let cell = &buffer[(inside.x + 2 + col * 7 + 1, inside.y + 1 + row)];
        let Color::Rgb(r, _, b) = cell.bg else {
            panic!("a colour: {cell:?}");
        };
        (i32::from(r), i32::from(b))
    };
    let (red, blue) = color_of(1, 1);
    assert!(red > blue + 100, "0.8 is warm");
    let (red, blue) = color_of(0, 1);
    assert!(blue > red, "-0.4 is cool");
    let missing = &buffer[(inside.x + 2 + 2 * 7 + 1, inside.y + 1)];
    assert_eq!(
        missing.bg,
        Color::Reset,
        "a head that is not there has no colour"
    );
}

#[test]
fn without_colours_nothing_is_coloured_and_the_selection_is_reversed() {
    let mut state = state((120, 40));
    state.depth = Depth::Never;
    for focus in Pane::ALL {
        state.focus = focus;
        let buffer = screen(&state);
        assert!(
            buffer
                .content
                .iter()
                .all(|c| (c.fg, c.bg) == (Color::Reset, Color::Reset))
        );
        let reversed = |c: &ratatui::buffer::Cell| c.modifier.contains(Modifier::REVERSED);
        assert!(buffer.content.iter().any(reversed), "{focus:?}");
    }
}

#[test]
fn ascii_means_ascii() {
    let mut state = state((120, 40));
    state.ascii = true;
    state.job = Some(Job {
        stage: Some(("reading".into(), 1, 2)),
        stopping: true,
        ..Job::default()
    });
    let shown = text(&screen(&state));
    assert!(shown.is_ascii(), "{shown}");
}

#[test]
fn what_runs_shows_its_time_and_how_to_stop_it() {
    let mut state = state((80, 24));
    state.job = Some(Job {
        statement: "decompose scenes with vit".into(),
        since: Duration::from_secs(2),
        stage: Some(("forward passes".into(), 30, 120)),
        stopping: false,
    });
    state.now = Duration::from_millis(3_500);
    let shown = text(&screen(&state));
    assert!(
        shown.contains("1.5 s  Esc stops  ████░░░░░░░░░░░░ 30/120 forward passes"),
        "{shown}"
    );
}

#[test]
fn a_failure_points_at_its_place_and_says_what_to_do() {
    let mut state = state((80, 24));
    let mut failure =
        Failure::new(Exit::Query, "there is no model “vti”").with_help("did you mean vit?");
    failure.diagnosis.source_text = "say é in vti".into();
    failure.diagnosis.labels = vec![(10..13, "this name".into())];
    update(&mut state, Event::Worker(Msg::Failed(failure)));
    let shown = text(&screen(&state));
    let line = |with: &str| {
        let found = shown.lines().find(|line| line.contains(with));
        found.unwrap_or_else(|| panic!("no {with} in:\n{shown}"))
    };
    let source = line("say é in vti");
    let mark = line("^^^ this name");
    let place = |line: &str, part: &str| line[..line.find(part).unwrap()].chars().count();
    assert_eq!(place(source, "vti"), place(mark, "^^^"));
    assert!(shown.contains("did you mean vit?"));
}

#[test]
fn the_hints_are_the_keys_of_the_focus_and_the_help_has_them_all() {
    let mut state = state((200, 60));
    state.focus = Pane::Map;
    let shown = text(&screen(&state));
    let hints = shown.lines().last().unwrap();
    assert!(
        hints.contains("a ablate") && hints.contains("Space mark"),
        "{hints}"
    );
    let help = Overlay::help(Context::Map).text();
    for binding in crate::tui::keys::TABLE {
        assert!(help.contains(binding.words), "{}", binding.words);
    }
}

#[test]
fn nothing_in_an_answer_reaches_the_terminal_as_a_command() {
    let mut state = state((80, 24));
    let frame = df!("a\x1b[2J" => ["x\x1b]52;c;AAAA\x07y"]).unwrap();
    let answer = Answer {
        title: Some("t\x1b[31m".into()),
        frame,
        notes: vec!["n\x1b[1m".into()],
        ..Answer::default()
    };
    update(&mut state, Event::Worker(Msg::Answer(Arc::new(answer))));
    let shown = text(&screen(&state));
    assert!(!shown.contains(['\x1b', '\x07']));
}

#[test]
fn cells_are_left_blank_for_an_image_in_pixels() {
    let mut state = state((120, 40));
    let blocks = |state: &State| text(&screen(state)).matches('▀').count();
    assert!(blocks(&state) > 0);
    state.pixels = true;
    let (place, _) = super::pictures::in_pixels(&state).unwrap();
    assert_eq!(blocks(&state), 0);
    let buffer = screen(&state);
    assert!(place.positions().all(|at| buffer[at].symbol() == " "));
}
