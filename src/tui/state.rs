//! Everything the interface knows. [`update`](super::update::update) changes it, [`draw`](super::draw::draw) shows it.

use std::sync::Arc;
use std::time::Duration;

use crate::interface::answer::{Answer, Picture};
use crate::interface::failure::Failure;
use crate::output::color::Depth;

use super::editor::Editor;
use super::event::Knowledge;
use super::keys::Context;
use super::layout::{self, Pane, Places, Wishes};
use super::map::UnitMap;
use super::map_layout;
use super::overlay::Overlay;
use super::palette::Palette;
use super::table::Table;
use super::theme::Theme;

/// The state of the interface.
pub struct State {
    /// Columns and rows of the window.
    pub size: (u16, u16),
    /// Time since the start.
    pub now: Duration,
    /// The pane that keys go to.
    pub focus: Pane,
    /// Whether that pane has the whole window.
    pub zoom: bool,
    /// Colours.
    pub theme: Theme,
    /// How many of them the terminal shows.
    pub depth: Depth,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
    /// Whether the terminal shows images as pixels, over cells that are left blank for them.
    pub pixels: bool,
    /// What is known of the engine.
    pub knowledge: Knowledge,
    /// The query.
    pub editor: Editor,
    /// What the results pane shows.
    pub shown: Shown,
    /// Lines scrolled, where it shows words.
    pub scroll: u16,
    /// The last table.
    pub table: Table,
    /// The answer that is shown.
    pub answer: Arc<Answer>,
    /// The last answers, oldest first.
    pub answers: Vec<Arc<Answer>>,
    /// The last map.
    pub map: Option<UnitMap>,
    /// The last pictures.
    pub pictures: Pictures,
    /// The selected name in the catalog.
    pub name: usize,
    /// What lies over the panes.
    pub layer: Layer,
    /// What runs.
    pub job: Option<Job>,
    /// What was said, oldest first; whether it is an error.
    pub messages: Vec<(bool, String)>,
    /// Statements that went well, in order.
    pub succeeded: Vec<String>,
}

/// What the results pane shows.
#[derive(Clone, Debug, Default)]
pub enum Shown {
    /// How to begin.
    #[default]
    Welcome,
    /// The table.
    Table,
    /// Words.
    Text(String),
    /// What went wrong.
    Failure(Failure),
}

/// Pictures and the one that is looked at.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    /// All of them: single images first, then charts.
    pub all: Vec<Picture>,
    /// The one that is shown.
    pub shown: usize,
    /// Whether picture `i` belongs to row `i` of the table.
    pub follow_rows: bool,
}

impl Pictures {
    /// What is written under the shown one.
    #[must_use]
    pub fn caption(&self) -> &str {
        match self.all.get(self.shown) {
            Some(Picture::Images(images)) => images.first().map_or("", |one| &one.caption),
            _ => "",
        }
    }
}

/// What lies over the panes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Layer {
    /// Nothing.
    #[default]
    Nothing,
    /// A text.
    Overlay(Overlay),
    /// The filter's line.
    Filter,
    /// The command palette.
    Palette(Palette),
}

/// A query at work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// The statement.
    pub statement: String,
    /// When it began.
    pub since: Duration,
    /// The stage: what, steps complete, steps in all.
    pub stage: Option<(String, u64, u64)>,
    /// Whether it was asked to stop.
    pub stopping: bool,
}

impl State {
    /// The state before anything happened.
    #[must_use]
    pub fn new(knowledge: Knowledge, history: Vec<String>, size: (u16, u16)) -> Self {
        Self {
            size,
            now: Duration::ZERO,
            focus: Pane::Query,
            zoom: false,
            theme: Theme::default(),
            depth: Depth::True,
            ascii: false,
            pixels: false,
            knowledge,
            editor: Editor::new(history),
            shown: Shown::default(),
            scroll: 0,
            table: Table::default(),
            answer: Arc::default(),
            answers: Vec::new(),
            map: None,
            pictures: Pictures::default(),
            name: 0,
            layer: Layer::Nothing,
            job: None,
            messages: Vec::new(),
            succeeded: Vec::new(),
        }
    }

    /// Where everything is; `None` in a window that is too small.
    #[must_use]
    pub fn places(&self) -> Option<Places> {
        let map = self.map.as_ref();
        let map = map.map(|map| map_layout::height(map.grid()));
        let wishes = Wishes {
            query: self.editor.lines().len(),
            map: map.unwrap_or(2),
        };
        layout::places(self.size, self.focus, self.zoom, wishes)
    }

    /// Which keys hold now.
    #[must_use]
    pub fn context(&self) -> Context {
        match (&self.layer, self.focus) {
            (Layer::Overlay(_), _) => Context::Overlay,
            (Layer::Filter, _) => Context::Filter,
            (Layer::Palette(_), _) => Context::Palette,
            (Layer::Nothing, Pane::Query) if self.editor.popup.is_some() => Context::Completions,
            (Layer::Nothing, Pane::Query) => Context::Query,
            (Layer::Nothing, Pane::Results) => Context::Results,
            (Layer::Nothing, Pane::Map) => Context::Map,
            (Layer::Nothing, Pane::Pictures) => Context::Pictures,
            (Layer::Nothing, Pane::Catalog) => Context::Catalog,
        }
    }

    /// Puts the focus on a pane; what lay on top goes.
    pub fn focus_on(&mut self, pane: Pane) {
        self.layer = Layer::Nothing;
        self.editor.popup = None;
        self.focus = pane;
    }

    /// Says something in the message line.
    pub fn say(&mut self, text: impl Into<String>) {
        self.messages.push((false, text.into()));
    }

    /// Says what went wrong in the message line.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.messages.push((true, text.into()));
    }

    /// The results pane's rows of table cells and columns of the screen.
    #[must_use]
    pub fn table_room(&self, places: &Places) -> (usize, usize) {
        let inside = places.inside(Pane::Results);
        let notes = self.notes_height(inside.height);
        let rows = inside.height.saturating_sub(1 + notes);
        (rows.into(), inside.width.into())
    }

    /// Rows of the results pane that notes under the table take.
    #[must_use]
    pub fn notes_height(&self, height: u16) -> u16 {
        let notes = self.answer.notes.len() as u16;
        notes.min(3).min(height / 3)
    }

    /// Scrolls every pane to its selection.
    pub fn settle(&mut self) {
        let Some(places) = self.places() else {
            return;
        };
        let (rows, columns) = self.table_room(&places);
        self.table.settle(rows, columns);
        if let Some(map) = &mut self.map {
            let inside = places.inside(Pane::Map);
            let (rows, cols) = map_layout::room(map.grid(), inside);
            map.settle(rows, cols);
        }
        self.name = self.name.min(self.knowledge.names.len().saturating_sub(1));
    }
}
