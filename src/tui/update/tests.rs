use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use image::RgbImage;
use polars::prelude::df;

use super::super::draw::draw;
use super::super::event::{Effect, Event, Knowledge, Msg};
use super::super::layout::Pane;
use super::super::map::sample;
use super::super::state::{Job, Shown, State};
use super::super::table;
use super::update;
use crate::interface::answer::{Answer, Captioned, Picture};
use crate::interface::engine::Engine;
use crate::interface::failure::{Exit, Failure};
use crate::interface::fake_engine::FakeEngine;
use crate::tui::worker;

fn state() -> State {
    State::new(
        worker::knowledge(&FakeEngine::default()),
        Vec::new(),
        (120, 40),
    )
}

fn key(state: &mut State, code: KeyCode) -> Vec<Effect> {
    update(state, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn ctrl(state: &mut State, c: char) -> Vec<Effect> {
    update(
        state,
        Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)),
    )
}

fn write(state: &mut State, text: &str) {
    for c in text.chars() {
        assert!(key(state, KeyCode::Char(c)).is_empty());
    }
}

fn hear(state: &mut State, msg: Msg) -> Vec<Effect> {
    update(state, Event::Worker(msg))
}

fn knowledge() -> Knowledge {
    worker::knowledge(&FakeEngine::default())
}

/// What runs, if exactly one of the effects runs something.
fn runs(effects: &[Effect]) -> Option<&str> {
    let mut texts = effects.iter().filter_map(|effect| match effect {
        Effect::Run(text) => Some(text.as_str()),
        _ => None,
    });
    texts.next().filter(|_| texts.next().is_none())
}

/// Carries an arrangement out as the loop does.
fn arranged(state: &mut State, effects: Vec<Effect>) {
    for effect in effects {
        if let Effect::Arrange(generation, frame, arrangement) = effect {
            let order = table::arrange(&frame, &arrangement);
            hear(state, Msg::Arranged(generation, order));
        }
    }
}

/// A ranking of three heads with its map.
fn ranking() -> Msg {
    let frame = df!(
        "unit" => ["head 1.1", "head 1.0", "head 0.0"],
        "score" => [0.8, 0.2, 0.1],
    );
    Msg::Answer(Arc::new(Answer {
        frame: frame.unwrap(),
        pictures: vec![Picture::UnitGrid(sample())],
        ..Answer::default()
    }))
}

/// Two images, a row each.
fn images() -> Msg {
    let image = |name: &str| Captioned {
        image: RgbImage::new(4, 4),
        caption: name.into(),
    };
    Msg::Answer(Arc::new(Answer {
        frame: df!("image" => ["a.jpg", "b.jpg"]).unwrap(),
        pictures: vec![Picture::Images(vec![image("a.jpg"), image("b.jpg")])],
        ..Answer::default()
    }))
}

#[test]
fn enter_runs_a_complete_query_and_continues_another() {
    let mut state = state();
    write(&mut state, "say \"a");
    assert!(key(&mut state, KeyCode::Enter).is_empty());
    assert_eq!(state.editor.lines().len(), 2, "a quote is open");
    write(&mut state, "b\"");
    let effects = key(&mut state, KeyCode::Enter);
    assert_eq!(runs(&effects), Some("say \"a\nb\""));
    assert!(matches!(&effects[0], Effect::Remember(text) if text == "say \"a\nb\""));
    assert!(state.editor.is_empty());
}

#[test]
fn only_one_query_runs_and_escape_stops_it() {
    let mut state = state();
    write(&mut state, "say a");
    key(&mut state, KeyCode::Enter);
    hear(&mut state, Msg::Started("say a".into()));
    write(&mut state, "say b");
    assert!(key(&mut state, KeyCode::Enter).is_empty());
    assert_eq!(state.editor.text(), "say b", "what was typed is kept");
    update(&mut state, Event::Tick(Duration::from_secs(3)));
    assert!(matches!(
        key(&mut state, KeyCode::Esc)[..],
        [Effect::Cancel]
    ));
    let cancelled = Failure::new(Exit::Cancelled, "cancelled");
    hear(&mut state, Msg::Failed(cancelled));
    hear(&mut state, Msg::Idle(knowledge()));
    assert!(state.job.is_none());
    assert!(
        !matches!(state.shown, Shown::Failure(_)),
        "being stopped is no failure"
    );
    assert!(runs(&key(&mut state, KeyCode::Enter)).is_some());
}

#[test]
fn control_c_stops_then_empties_and_control_d_quits_an_empty_query() {
    let mut state = state();
    write(&mut state, "say a");
    assert!(ctrl(&mut state, 'd').is_empty());
    ctrl(&mut state, 'c');
    assert!(state.editor.is_empty());
    assert!(matches!(ctrl(&mut state, 'd')[..], [Effect::Quit]));
    state.job = Some(Job::default());
    assert!(matches!(ctrl(&mut state, 'c')[..], [Effect::Cancel]));
}

#[test]
fn a_table_is_filtered_sorted_and_its_selection_moves_the_map() {
    let mut state = state();
    hear(&mut state, ranking());
    assert!(matches!(state.shown, Shown::Table));
    assert_eq!(state.map.as_ref().unwrap().at, (1, 1));
    key(&mut state, KeyCode::F(3));
    key(&mut state, KeyCode::Down);
    assert_eq!(state.map.as_ref().unwrap().at, (1, 0));
    key(&mut state, KeyCode::Right);
    key(&mut state, KeyCode::Char('s'));
    let effects = key(&mut state, KeyCode::Char('s'));
    arranged(&mut state, effects);
    assert_eq!(state.table.order, [2, 1, 0], "smallest first");
    key(&mut state, KeyCode::Char('/'));
    for c in "1.".chars() {
        let effects = key(&mut state, KeyCode::Char(c));
        arranged(&mut state, effects);
    }
    assert_eq!(state.table.order, [1, 0], "filtered in the same order");
    let effects = key(&mut state, KeyCode::Esc);
    arranged(&mut state, effects);
    assert_eq!(state.table.order.len(), 3);
}

#[test]
fn the_map_selects_rows_and_asks_about_units() {
    let mut state = state();
    hear(&mut state, ranking());
    key(&mut state, KeyCode::F(4));
    key(&mut state, KeyCode::Left);
    assert_eq!(state.table.selected(), Some(1), "head 1.0");
    let effects = key(&mut state, KeyCode::Enter);
    let asked = "retrieve 8 images for texture in vit using head 1.0";
    assert_eq!(runs(&effects), Some(asked));
    hear(&mut state, images());
    hear(&mut state, Msg::Idle(knowledge()));
    assert_eq!(state.map.as_ref().unwrap().at, (1, 0), "the map stays");
    key(&mut state, KeyCode::Char(' '));
    key(&mut state, KeyCode::Up);
    key(&mut state, KeyCode::Char(' '));
    let effects = key(&mut state, KeyCode::Char('a'));
    let ablated = "ablate head 0.0 and head 1.0 in vit measuring accuracy";
    assert_eq!(runs(&effects), Some(ablated));
}

#[test]
fn following_asks_again_once_nothing_runs() {
    let mut state = state();
    hear(&mut state, ranking());
    key(&mut state, KeyCode::F(4));
    key(&mut state, KeyCode::Char('f'));
    let tick = |state: &mut State, ms| update(state, Event::Tick(Duration::from_millis(ms)));
    assert!(tick(&mut state, 1).is_empty(), "nothing moved");
    key(&mut state, KeyCode::Left);
    let effects = tick(&mut state, 2);
    assert!(runs(&effects).unwrap().ends_with("using head 1.0"));
    key(&mut state, KeyCode::Up);
    assert!(tick(&mut state, 3).is_empty(), "the first question runs");
    hear(&mut state, Msg::Idle(knowledge()));
    let effects = tick(&mut state, 4);
    assert!(runs(&effects).unwrap().ends_with("using head 0.0"));
}

#[test]
fn earlier_answers_come_back_and_marks_stay() {
    let mut state = state();
    hear(&mut state, ranking());
    key(&mut state, KeyCode::F(4));
    key(&mut state, KeyCode::Char(' '));
    hear(&mut state, images());
    assert_eq!(state.table.widths.len(), 1);
    key(&mut state, KeyCode::Char('['));
    assert_eq!(state.table.widths.len(), 2, "the ranking");
    assert_eq!(state.map.as_ref().unwrap().marked.len(), 1);
    key(&mut state, KeyCode::Char('['));
    assert_eq!(state.table.widths.len(), 2, "there is none before");
    key(&mut state, KeyCode::Char(']'));
    assert_eq!(state.table.widths.len(), 1);
}

#[test]
fn pictures_and_rows_go_together() {
    let mut state = state();
    hear(&mut state, images());
    key(&mut state, KeyCode::F(6));
    key(&mut state, KeyCode::Right);
    assert_eq!((state.pictures.shown, state.table.selected()), (1, Some(1)));
    key(&mut state, KeyCode::F(3));
    key(&mut state, KeyCode::Char('g'));
    assert_eq!(state.pictures.shown, 0);
    let effects = key(&mut state, KeyCode::Char('y'));
    assert!(matches!(&effects[..], [Effect::Copy(text)] if text == "a.jpg"));
}

#[test]
fn a_name_from_the_catalog_goes_into_the_query() {
    let mut state = state();
    write(&mut state, "say");
    key(&mut state, KeyCode::F(7));
    key(&mut state, KeyCode::Enter);
    assert_eq!(
        (state.focus, state.editor.text().as_str()),
        (Pane::Query, "say vit ")
    );
}

#[test]
fn the_palette_does_things_by_name_runs_statements_and_saves_the_session() {
    let mut state = state();
    let say = |state: &mut State, text: &str| {
        ctrl(state, 'p');
        write(state, text);
        key(state, KeyCode::Enter)
    };
    assert_eq!(runs(&say(&mut state, "say a")), Some("say a"));
    hear(&mut state, Msg::Done("say a".into()));
    hear(&mut state, Msg::Done("say b ;".into()));
    hear(&mut state, Msg::Idle(knowledge()));
    let effects = say(&mut state, "write tour.vq");
    let [Effect::Save(path, script)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(path.to_str(), Some("tour.vq"));
    let engine = FakeEngine::default();
    let script = script.lines().filter(|line| !line.starts_with('#'));
    let script: String = script.collect();
    assert_eq!(engine.statements(&script).len(), 2, "the script runs again");
    ctrl(&mut state, 'p');
    write(&mut state, "zoom");
    key(&mut state, KeyCode::Down);
    key(&mut state, KeyCode::Enter);
    assert!(state.zoom);
    assert!(say(&mut state, "theme light").is_empty());
    assert_eq!(state.theme.word(), "light");
    assert!(
        say(&mut state, "quit")
            .iter()
            .any(|e| matches!(e, Effect::Quit))
    );
}

#[test]
fn a_click_focuses_and_selects() {
    let mut state = state();
    hear(&mut state, ranking());
    let places = state.places().unwrap();
    let click = |state: &mut State, column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let modifiers = KeyModifiers::NONE;
        update(
            state,
            Event::Mouse(MouseEvent {
                kind,
                column,
                row,
                modifiers,
            }),
        )
    };
    let results = places.inside(Pane::Results);
    click(&mut state, results.x, results.y + 3);
    assert_eq!(
        (state.focus, state.table.selected()),
        (Pane::Results, Some(2))
    );
    let map = places.inside(Pane::Map);
    click(&mut state, map.x + 3, map.y + 2);
    assert_eq!(state.map.as_ref().unwrap().at, (1, 0));
    assert_eq!(state.table.selected(), Some(1));
}

#[test]
fn pasted_lines_are_text_and_nothing_runs() {
    let mut state = state();
    state.focus = Pane::Map;
    let effects = update(&mut state, Event::Paste("say a;\r\nquit\r\n".into()));
    assert!(effects.is_empty());
    assert_eq!(state.editor.text(), "say a;\nquit\n");
}

#[test]
fn any_key_in_any_state_at_any_size_is_survived() {
    let codes = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::F(10),
        KeyCode::Char('x'),
        KeyCode::Char('/'),
        KeyCode::Char(':'),
        KeyCode::Char('s'),
        KeyCode::Char(' '),
        KeyCode::Char('é'),
        KeyCode::Char('鳥'),
    ];
    for with in [None, Some(ranking as fn() -> Msg), Some(images)] {
        let mut state = state();
        if let Some(with) = with {
            hear(&mut state, with());
        }
        for (at, code) in codes.iter().cycle().take(600).enumerate() {
            let size = [(1, 1), (30, 8), (59, 15), (79, 24), (300, 90)][at % 5];
            update(&mut state, Event::Resize(size.0, size.1));
            state.focus = Pane::ALL[(at / 7) % Pane::ALL.len()];
            key(&mut state, *code);
            let backend = ratatui::backend::TestBackend::new(size.0, size.1);
            let mut terminal = ratatui::Terminal::new(backend).unwrap();
            terminal.draw(|frame| draw(&state, frame)).unwrap();
            if at % 11 == 0 {
                hear(&mut state, Msg::Idle(knowledge()));
            }
        }
    }
}
