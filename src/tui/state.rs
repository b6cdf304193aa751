//! Everything the interface knows. [`update`](super::update::update) changes it, [`draw`](super::draw::draw) shows it.

use std::sync::Arc;
use std::time::Duration;

use crate::interface::answer::{Answer, Picture};
use crate::interface::failure::Failure;
use crate::output::color::Depth;

use super::editor::Editor;
use super::event::Knowledge;
use super::keys::{self, Action, Context};
use super::layout::{self, Pane, Places, Wishes};
use super::map::UnitMap;
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
    pub top: Top,
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
pub enum Top {
    /// Nothing.
    #[default]
    Nothing,
    /// A text: its title, its lines, how many are scrolled away.
    Overlay(Overlay),
    /// The filter's line.
    Filter,
    /// The command palette.
    Palette(Palette),
}

/// A text over the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlay {
    /// What it is.
    pub title: String,
    /// Its lines: what stands on the left, and what it means.
    pub lines: Vec<(String, String)>,
    /// Lines scrolled away.
    pub scroll: usize,
}

/// The command palette.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    /// What was typed.
    pub text: String,
    /// What it may mean.
    pub entries: Vec<Entry>,
    /// The chosen entry; `None` for the text itself.
    pub chosen: Option<usize>,
}

/// One entry of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Does something: its words and its key.
    Do(Action, &'static str, String),
    /// A word that the statement can go on with: the text it makes, the word, what it is.
    Type(String, String, String),
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
            top: Top::Nothing,
            job: None,
            messages: Vec::new(),
            succeeded: Vec::new(),
        }
    }

    /// Where everything is; `None` in a window that is too small.
    #[must_use]
    pub fn places(&self) -> Option<Places> {
        let map = self
            .map
            .as_ref()
            .map(|map| super::draw::map::height(map.grid()));
        let wishes = Wishes {
            query: self.editor.lines().len(),
            map: map.unwrap_or(2),
        };
        layout::places(self.size, self.focus, self.zoom, wishes)
    }

    /// Which keys hold now.
    #[must_use]
    pub fn context(&self) -> Context {
        match (&self.top, self.focus) {
            (Top::Overlay(_), _) => Context::Overlay,
            (Top::Filter, _) => Context::Filter,
            (Top::Palette(_), _) => Context::Palette,
            (Top::Nothing, Pane::Query) if self.editor.popup.is_some() => Context::Completions,
            (Top::Nothing, Pane::Query) => Context::Query,
            (Top::Nothing, Pane::Results) => Context::Results,
            (Top::Nothing, Pane::Map) => Context::Map,
            (Top::Nothing, Pane::Pictures) => Context::Pictures,
            (Top::Nothing, Pane::Catalog) => Context::Catalog,
        }
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
            let (rows, cols) = super::draw::map::room(map.grid(), inside);
            map.settle(rows, cols);
        }
        self.name = self.name.min(self.knowledge.names.len().saturating_sub(1));
    }
}

impl Overlay {
    /// The keys, from their table.
    #[must_use]
    pub fn help(context: Context) -> Self {
        use Context as C;
        let mut order = vec![context, C::Everywhere];
        let all = [
            C::Query,
            C::Completions,
            C::Results,
            C::Map,
            C::Pictures,
            C::Catalog,
            C::Filter,
            C::Palette,
            C::Overlay,
        ];
        order.extend(all.into_iter().filter(|other| *other != context));
        let mut lines = Vec::new();
        for (at, context) in order.into_iter().enumerate() {
            if at > 0 {
                lines.push((String::new(), String::new()));
            }
            lines.push((context.title().to_owned(), String::new()));
            for binding in keys::TABLE.iter().filter(|b| b.context == context) {
                let names: Vec<String> = binding.keys.iter().map(|key| keys::name(*key)).collect();
                lines.push((format!("  {}", names.join(" ")), binding.words.to_owned()));
            }
        }
        Self::new("keys", lines)
    }

    /// Lines under a title.
    #[must_use]
    pub fn new(title: impl Into<String>, lines: Vec<(String, String)>) -> Self {
        Self {
            title: title.into(),
            lines,
            scroll: 0,
        }
    }

    /// The text without styles.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |(left, right): &(String, String)| {
            let both = format!("{left}\t{right}");
            both.trim_end().to_owned()
        };
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Palette {
    /// What `text` may mean: things to do whose words hold all of its words, then how the statement can go on.
    #[must_use]
    pub fn new(text: String, knowledge: &Knowledge) -> Self {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let mut entries: Vec<Entry> = Vec::new();
        let offered = keys::TABLE
            .iter()
            .filter(|b| {
                matches!(
                    b.context,
                    Context::Everywhere | Context::Results | Context::Map
                )
            })
            .filter(|b| b.words.len() > 8)
            .filter(|b| words.iter().all(|word| b.words.contains(word)));
        for binding in offered {
            let known = entries
                .iter()
                .any(|e| matches!(e, Entry::Do(a, ..) if *a == binding.action));
            if !known && !moves(binding.action) {
                let key = keys::name(binding.keys[0]);
                entries.push(Entry::Do(binding.action, binding.words, key));
            }
        }
        if !text.is_empty() {
            let (start, candidates) = knowledge.assist.complete(&text, text.len());
            entries.extend(candidates.into_iter().map(|c| {
                let whole = format!("{}{} ", text.get(..start).unwrap_or_default(), c.text);
                Entry::Type(whole, c.text, c.about)
            }));
        }
        Self {
            text,
            entries,
            chosen: None,
        }
    }

    /// Chooses the next entry or the one before; the text itself is between the last and the first.
    pub fn step(&mut self, forward: bool) {
        let count = self.entries.len();
        self.chosen = match (self.chosen, forward) {
            (None, true) => (count > 0).then_some(0),
            (None, false) => count.checked_sub(1),
            (Some(at), true) => (at + 1 < count).then_some(at + 1),
            (Some(at), false) => at.checked_sub(1),
        };
    }
}

fn moves(action: Action) -> bool {
    use Action as A;
    matches!(
        action,
        A::Up
            | A::Down
            | A::Left
            | A::Right
            | A::PageUp
            | A::PageDown
            | A::First
            | A::Last
            | A::Accept
            | A::Back
            | A::OpenPalette
    )
}
