//! From a key to the next screen of the full-screen interface, with 100,000 rows and a query at work: to stay under the
//! 16 ms of a frame.

use std::ops::Range;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use polars::prelude::df;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use vitscope::interface::answer::{Answer, Picture, UnitGrid};
use vitscope::interface::engine::{Assist, Candidate, Role};
use vitscope::tui::draw::draw;
use vitscope::tui::event::{Event, Knowledge, Msg};
use vitscope::tui::state::State;
use vitscope::tui::table::{Arrangement, arrange};
use vitscope::tui::update::update;

const ROWS: u32 = 100_000;

struct NoHelp;

impl Assist for NoHelp {
    fn is_complete(&self, _: &str) -> bool {
        true
    }

    fn highlight(&self, _: &str) -> Vec<(Range<usize>, Role)> {
        Vec::new()
    }

    fn complete(&self, _: &str, at: usize) -> (usize, Vec<Candidate>) {
        (at, Vec::new())
    }

    fn hint(&self, _: &str) -> Option<String> {
        None
    }
}

fn answer() -> Answer {
    let rows = || 0..ROWS;
    let frame = df!(
        "rank" => rows().collect::<Vec<u32>>(),
        "unit" => rows().map(|n| format!("head {}.{}", n / 16, n % 16)).collect::<Vec<_>>(),
        "score" => rows().map(|n| f64::from(n).sin()).collect::<Vec<f64>>(),
        "caption" => rows().map(|n| format!("a photo of a thing with the number {n}")).collect::<Vec<_>>(),
    );
    let values: Vec<Option<f32>> = (0..24 * 16u16).map(|n| Some(f32::from(n).sin())).collect();
    let labels = |count: u16| (0..count).map(|n| n.to_string()).collect();
    Answer {
        frame: frame.expect("columns of one length"),
        pictures: vec![Picture::UnitGrid(UnitGrid {
            model: "vit".into(),
            rows: 24,
            cols: 16,
            values,
            low: -1.0,
            high: 1.0,
            row_labels: labels(24),
            col_labels: labels(16),
        })],
        ..Answer::default()
    }
}

/// A row further in a large window, and the whole screen drawn.
#[divan::bench]
fn key_to_screen_with_100_000_rows(bencher: Bencher) {
    let knowledge = Knowledge {
        assist: Arc::new(NoHelp),
        names: Vec::new(),
        place: "store".into(),
    };
    let mut state = State::new(knowledge, Vec::new(), (200, 60));
    update(&mut state, Event::Worker(Msg::Answer(Arc::new(answer()))));
    update(
        &mut state,
        Event::Worker(Msg::Started("decompose scenes with vit".into())),
    );
    let key = |code| Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
    update(&mut state, key(KeyCode::F(3)));
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a test terminal");
    bencher.bench_local(|| {
        update(&mut state, key(KeyCode::PageDown));
        terminal
            .draw(|frame| draw(&state, frame))
            .expect("a test terminal");
    });
}

/// What a filter takes, beside the interface and not within it.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn filter_100_000_rows(bencher: Bencher) {
    let frame = answer().frame;
    let arrangement = Arrangement {
        sort: Some((2, true)),
        filter: "number 77".into(),
    };
    bencher.bench_local(|| arrange(&frame, &arrangement));
}
