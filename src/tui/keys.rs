//! The one table of keys: what the status line hints at, what the help shows, what the palette offers and what a press
//! does are all read from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Everywhere; plain characters only outside of text fields.
    Everywhere,
    /// The query editor.
    Query,
    /// The editor's list of completions.
    Completions,
    /// The results table.
    Results,
    /// The unit map.
    Map,
    /// The pictures.
    Pictures,
    /// The catalog.
    Catalog,
    /// A text laid over the panes: help, messages, one row.
    Overlay,
    /// The line of the filter.
    Filter,
    /// The command palette.
    Palette,
}

impl Context {
    /// Its heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Query => "Query",
            Self::Completions => "Completions",
            Self::Results => "Results",
            Self::Map => "Unit map",
            Self::Pictures => "Pictures",
            Self::Catalog => "Catalog",
            Self::Overlay => "Help and details",
            Self::Filter => "Filter",
            Self::Palette => "Command palette",
        }
    }

    /// Whether characters are typed into a text here.
    #[must_use]
    pub fn takes_text(self) -> bool {
        matches!(
            self,
            Self::Query | Self::Completions | Self::Filter | Self::Palette
        )
    }
}

/// What a key, a palette entry or a click does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs the query if it is complete, else begins a line.
    Submit,
    /// Runs the query as it is.
    Run,
    /// Begins a line in the query.
    NewLine,
    /// Opens completions, or goes to the next.
    Complete,
    /// One up: in a list, a table, the map; in the query a line, then the history.
    Up,
    /// One down.
    Down,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first one.
    First,
    /// The last one.
    Last,
    /// What Enter does here: insert, expand, ask.
    Accept,
    /// Stops the running query, closes what lies on top, leaves the editor.
    Back,
    /// Stops the running query, or empties the query.
    Interrupt,
    /// Ends the program.
    Quit,
    /// Ends the program if the query is empty.
    QuitIfEmpty,
    /// Moves the focus to the next pane.
    NextPane,
    /// Moves the focus to the previous pane.
    PreviousPane,
    /// Focuses the query.
    FocusQuery,
    /// Focuses the results.
    FocusResults,
    /// Focuses the map.
    FocusMap,
    /// Focuses the pictures.
    FocusPictures,
    /// Focuses the catalog.
    FocusCatalog,
    /// One pane on the whole screen, and back.
    Zoom,
    /// Shows the keys.
    Help,
    /// Shows what was said so far.
    Messages,
    /// Opens the command palette.
    OpenPalette,
    /// Opens the palette to save the session as a script.
    SaveSession,
    /// The next theme.
    NextTheme,
    /// Sorts by the column; again: the other way; again: not at all.
    Sort,
    /// Keeps the first column in place, or not.
    Freeze,
    /// Opens the filter.
    OpenFilter,
    /// Drops filter and order.
    ShowAll,
    /// Copies the cell, the unit or the caption.
    Copy,
    /// Copies the row, tab-separated.
    CopyRow,
    /// Marks the unit, or takes the mark off.
    Mark,
    /// Takes every mark off.
    Unmark,
    /// Images for the concept by this unit alone.
    AskImages,
    /// What is known of the unit.
    AskDescribe,
    /// The features of the unit.
    AskFeatures,
    /// What the model loses without the marked units.
    AskAblate,
    /// Images for the concept by all but the marked units.
    AskWithout,
    /// Images for the concept by the marked units.
    AskUsing,
    /// Whether moving and marking ask the last question again.
    Follow,
    /// The next map of an answer with several.
    NextMap,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What they do.
    pub action: Action,
    /// The same in a few words, for the help and the palette.
    pub words: &'static str,
    /// One word for the status line; empty where there is no need for a hint.
    pub hint: &'static str,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub KeyCode, pub KeyModifiers);

const fn plain(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}
const fn char(c: char) -> Key {
    plain(KeyCode::Char(c))
}
const fn ctrl(c: char) -> Key {
    Key(KeyCode::Char(c), KeyModifiers::CONTROL)
}
const fn f(n: u8) -> Key {
    plain(KeyCode::F(n))
}

const ENTER: Key = plain(KeyCode::Enter);
const ESC: Key = plain(KeyCode::Esc);
const TAB: Key = plain(KeyCode::Tab);
const BACK_TAB: Key = plain(KeyCode::BackTab);
const UP: Key = plain(KeyCode::Up);
const DOWN: Key = plain(KeyCode::Down);
const LEFT: Key = plain(KeyCode::Left);
const RIGHT: Key = plain(KeyCode::Right);

const fn bind(
    context: Context,
    keys: &'static [Key],
    action: Action,
    words: &'static str,
    hint: &'static str,
) -> Binding {
    Binding {
        context,
        keys,
        action,
        words,
        hint,
    }
}

/// Every key there is.
pub const TABLE: &[Binding] = &{
    use Action as A;
    use Context::{
        Catalog, Completions, Everywhere, Filter, Map, Overlay, Palette, Pictures, Query, Results,
    };
    [
        bind(Query, &[ENTER], A::Submit, "run the query", "run"),
        bind(Query, &[TAB], A::Complete, "complete the word", "complete"),
        bind(
            Query,
            &[Key(KeyCode::Enter, KeyModifiers::ALT), ctrl('j')],
            A::NewLine,
            "begin a new line",
            "new line",
        ),
        bind(Query, &[UP], A::Up, "line up, then earlier queries", ""),
        bind(Query, &[DOWN], A::Down, "line down, then later queries", ""),
        bind(
            Query,
            &[ESC],
            A::Back,
            "stop the query, or go to the results",
            "results",
        ),
        bind(
            Query,
            &[ctrl('d')],
            A::QuitIfEmpty,
            "quit, if the query is empty",
            "",
        ),
        bind(
            Completions,
            &[ENTER],
            A::Accept,
            "take the completion",
            "take",
        ),
        bind(
            Completions,
            &[DOWN, TAB],
            A::Down,
            "next completion",
            "next",
        ),
        bind(
            Completions,
            &[UP, BACK_TAB],
            A::Up,
            "previous completion",
            "",
        ),
        bind(Completions, &[ESC], A::Back, "close the list", "close"),
        bind(Results, &[ENTER], A::Accept, "the whole row", "row"),
        bind(
            Results,
            &[char('/')],
            A::OpenFilter,
            "filter rows",
            "filter",
        ),
        bind(
            Results,
            &[char('s')],
            A::Sort,
            "sort by this column: down, up, not",
            "sort",
        ),
        bind(
            Results,
            &[char('f')],
            A::Freeze,
            "keep the first column in place",
            "freeze",
        ),
        bind(Results, &[char('y')], A::Copy, "copy the cell", "copy"),
        bind(Results, &[char('Y')], A::CopyRow, "copy the row", ""),
        bind(
            Results,
            &[char('x')],
            A::ShowAll,
            "drop filter and order",
            "",
        ),
        bind(Results, &[UP, char('k')], A::Up, "row up", ""),
        bind(Results, &[DOWN, char('j')], A::Down, "row down", ""),
        bind(
            Results,
            &[LEFT, char('h')],
            A::Left,
            "column to the left",
            "",
        ),
        bind(
            Results,
            &[RIGHT, char('l')],
            A::Right,
            "column to the right",
            "",
        ),
        bind(
            Results,
            &[plain(KeyCode::PageUp), ctrl('u')],
            A::PageUp,
            "page up",
            "",
        ),
        bind(
            Results,
            &[plain(KeyCode::PageDown), ctrl('d')],
            A::PageDown,
            "page down",
            "",
        ),
        bind(
            Results,
            &[plain(KeyCode::Home), char('g')],
            A::First,
            "first row",
            "",
        ),
        bind(
            Results,
            &[plain(KeyCode::End), char('G')],
            A::Last,
            "last row",
            "",
        ),
        bind(
            Map,
            &[ENTER, char('i')],
            A::AskImages,
            "images by this unit alone",
            "images",
        ),
        bind(Map, &[char(' ')], A::Mark, "mark the unit, or not", "mark"),
        bind(
            Map,
            &[char('a')],
            A::AskAblate,
            "ablate the marked units",
            "ablate",
        ),
        bind(
            Map,
            &[char('w')],
            A::AskWithout,
            "images without the marked units",
            "without",
        ),
        bind(
            Map,
            &[char('r')],
            A::AskUsing,
            "images by the marked units",
            "using",
        ),
        bind(
            Map,
            &[char('f')],
            A::Follow,
            "ask again whenever the unit or the marks change",
            "follow",
        ),
        bind(Map, &[char('d')], A::AskDescribe, "describe this unit", ""),
        bind(
            Map,
            &[char('t')],
            A::AskFeatures,
            "features of this unit",
            "",
        ),
        bind(Map, &[char('x')], A::Unmark, "take all marks off", ""),
        bind(Map, &[char('n')], A::NextMap, "next map of this answer", ""),
        bind(Map, &[char('y')], A::Copy, "copy the unit's name", ""),
        bind(Map, &[UP, char('k')], A::Up, "layer up", ""),
        bind(Map, &[DOWN, char('j')], A::Down, "layer down", ""),
        bind(Map, &[LEFT, char('h')], A::Left, "head to the left", ""),
        bind(Map, &[RIGHT, char('l')], A::Right, "head to the right", ""),
        bind(
            Map,
            &[plain(KeyCode::Home), char('g')],
            A::First,
            "weakest score",
            "",
        ),
        bind(
            Map,
            &[plain(KeyCode::End), char('G')],
            A::Last,
            "strongest score",
            "",
        ),
        bind(
            Pictures,
            &[RIGHT, DOWN, char('l'), char('j')],
            A::Down,
            "next picture",
            "next",
        ),
        bind(
            Pictures,
            &[LEFT, UP, char('h'), char('k')],
            A::Up,
            "previous picture",
            "previous",
        ),
        bind(
            Pictures,
            &[plain(KeyCode::Home), char('g')],
            A::First,
            "first picture",
            "",
        ),
        bind(
            Pictures,
            &[plain(KeyCode::End), char('G')],
            A::Last,
            "last picture",
            "",
        ),
        bind(Pictures, &[char('y')], A::Copy, "copy the caption", "copy"),
        bind(
            Catalog,
            &[ENTER],
            A::Accept,
            "insert the name into the query",
            "insert",
        ),
        bind(
            Catalog,
            &[char('d')],
            A::AskDescribe,
            "describe it",
            "describe",
        ),
        bind(Catalog, &[char('y')], A::Copy, "copy the name", "copy"),
        bind(Catalog, &[UP, char('k')], A::Up, "name up", ""),
        bind(Catalog, &[DOWN, char('j')], A::Down, "name down", ""),
        bind(
            Catalog,
            &[plain(KeyCode::Home), char('g')],
            A::First,
            "first name",
            "",
        ),
        bind(
            Catalog,
            &[plain(KeyCode::End), char('G')],
            A::Last,
            "last name",
            "",
        ),
        bind(
            Overlay,
            &[ESC, char('q'), ENTER, char('?'), f(1)],
            A::Back,
            "close",
            "close",
        ),
        bind(Overlay, &[UP, char('k')], A::Up, "line up", ""),
        bind(
            Overlay,
            &[DOWN, char('j'), char(' ')],
            A::Down,
            "line down",
            "scroll",
        ),
        bind(Overlay, &[plain(KeyCode::PageUp)], A::PageUp, "page up", ""),
        bind(
            Overlay,
            &[plain(KeyCode::PageDown)],
            A::PageDown,
            "page down",
            "",
        ),
        bind(Overlay, &[char('y')], A::Copy, "copy the text", "copy"),
        bind(Filter, &[ENTER, DOWN], A::Accept, "keep the filter", "keep"),
        bind(Filter, &[ESC], A::Back, "drop the filter", "drop"),
        bind(
            Palette,
            &[ENTER],
            A::Accept,
            "do it, or run the statement",
            "do it",
        ),
        bind(Palette, &[TAB, DOWN], A::Down, "next", "next"),
        bind(Palette, &[UP, BACK_TAB], A::Up, "previous", ""),
        bind(Palette, &[ESC], A::Back, "close", "close"),
        bind(Everywhere, &[char('?'), f(1)], A::Help, "all keys", "help"),
        bind(
            Everywhere,
            &[char(':')],
            A::OpenPalette,
            "command palette",
            "commands",
        ),
        bind(
            Everywhere,
            &[ctrl('p')],
            A::OpenPalette,
            "command palette, also from the query",
            "",
        ),
        bind(Everywhere, &[TAB], A::NextPane, "next pane", "pane"),
        bind(
            Everywhere,
            &[BACK_TAB],
            A::PreviousPane,
            "previous pane",
            "",
        ),
        bind(
            Everywhere,
            &[f(2), char('1')],
            A::FocusQuery,
            "to the query",
            "",
        ),
        bind(
            Everywhere,
            &[f(3), char('2')],
            A::FocusResults,
            "to the results",
            "",
        ),
        bind(
            Everywhere,
            &[f(4), char('3')],
            A::FocusMap,
            "to the unit map",
            "",
        ),
        bind(
            Everywhere,
            &[f(6), char('4')],
            A::FocusPictures,
            "to the pictures",
            "",
        ),
        bind(
            Everywhere,
            &[f(7), char('5')],
            A::FocusCatalog,
            "to the catalog",
            "",
        ),
        bind(
            Everywhere,
            &[f(5)],
            A::Run,
            "run the query from anywhere",
            "",
        ),
        bind(
            Everywhere,
            &[f(10), char('z')],
            A::Zoom,
            "zoom this pane",
            "zoom",
        ),
        bind(
            Everywhere,
            &[char('m')],
            A::Messages,
            "what was said so far",
            "",
        ),
        bind(
            Everywhere,
            &[ctrl('s')],
            A::SaveSession,
            "save the session as a script",
            "",
        ),
        bind(Everywhere, &[f(9)], A::NextTheme, "next theme", ""),
        bind(Everywhere, &[ESC], A::Back, "stop the query", ""),
        bind(
            Everywhere,
            &[ctrl('c')],
            A::Interrupt,
            "stop the query; empty the query",
            "",
        ),
        bind(Everywhere, &[char('q'), ctrl('q')], A::Quit, "quit", "quit"),
    ]
};

/// What a press does in a context: its own binding, or else one that holds everywhere.
#[must_use]
pub fn action(context: Context, event: KeyEvent) -> Option<Action> {
    let pressed = normal(event);
    let types = matches!(pressed.0, KeyCode::Char(_)) && pressed.1.is_empty();
    let of = |wanted: Context| {
        TABLE
            .iter()
            .find(|b| b.context == wanted && b.keys.contains(&pressed))
    };
    let everywhere = || of(Context::Everywhere).filter(|_| !(types && context.takes_text()));
    of(context).or_else(everywhere).map(|b| b.action)
}

/// Terminals report Shift with capitals and with BackTab, or they don't.
fn normal(event: KeyEvent) -> Key {
    let mut modifiers = event.modifiers;
    if matches!(event.code, KeyCode::Char(_) | KeyCode::BackTab) {
        modifiers.remove(KeyModifiers::SHIFT);
    }
    Key(event.code, modifiers)
}

/// The hints for a context, most important first: its own, then those that hold everywhere.
pub fn hints(context: Context) -> impl Iterator<Item = (String, &'static str)> {
    let own = TABLE.iter().filter(move |b| b.context == context);
    let everywhere = TABLE
        .iter()
        .filter(move |b| b.context == Context::Everywhere && context != Context::Overlay);
    own.chain(everywhere)
        .filter(|b| !b.hint.is_empty())
        .filter_map(move |b| {
            let reaches = |key: &&Key| {
                let own = b.context == context;
                own || !(context.takes_text() && types(**key))
                    && action(context, KeyEvent::new(key.0, key.1)) == Some(b.action)
            };
            let key = b.keys.iter().find(reaches)?;
            Some((name(*key), b.hint))
        })
}

fn types(key: Key) -> bool {
    matches!(key.0, KeyCode::Char(_)) && key.1.is_empty()
}

/// A key as it is written on keyboards.
#[must_use]
pub fn name(key: Key) -> String {
    let word = match key.0 {
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(n) => format!("F{n}"),
        KeyCode::Up => "↑".to_owned(),
        KeyCode::Down => "↓".to_owned(),
        KeyCode::Left => "←".to_owned(),
        KeyCode::Right => "→".to_owned(),
        KeyCode::BackTab => "Shift-Tab".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        other => format!("{other:?}"),
    };
    match key.1 {
        KeyModifiers::CONTROL => format!("Ctrl-{}", word.to_uppercase()),
        KeyModifiers::ALT => format!("Alt-{word}"),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_context() {
        for (at, binding) in TABLE.iter().enumerate() {
            for key in binding.keys {
                let twice = TABLE[at + 1..]
                    .iter()
                    .find(|b| b.context == binding.context && b.keys.contains(key));
                assert!(twice.is_none(), "{} in {:?}", name(*key), binding.context);
            }
        }
    }

    #[test]
    fn characters_are_typed_where_text_is_and_act_where_it_is_not() {
        let press = |context, code| action(context, KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(press(Context::Query, KeyCode::Char('q')), None);
        assert_eq!(press(Context::Filter, KeyCode::Char('?')), None);
        assert_eq!(press(Context::Map, KeyCode::Char('q')), Some(Action::Quit));
        assert_eq!(press(Context::Query, KeyCode::F(1)), Some(Action::Help));
        let shifted = KeyEvent::new(KeyCode::Char('Y'), KeyModifiers::SHIFT);
        assert_eq!(action(Context::Results, shifted), Some(Action::CopyRow));
    }

    #[test]
    fn every_hint_names_a_key_that_does_it_there() {
        for context in [
            Context::Query,
            Context::Map,
            Context::Results,
            Context::Palette,
        ] {
            for (key, hint) in hints(context) {
                let of = |b: &&Binding| b.keys.iter().any(|k| name(*k) == key) && b.hint == hint;
                let binding = TABLE.iter().find(of).unwrap();
                let pressed = binding.keys.iter().find(|k| name(**k) == key).unwrap();
                let event = KeyEvent::new(pressed.0, pressed.1);
                assert_eq!(
                    action(context, event),
                    Some(binding.action),
                    "{key} in {context:?}"
                );
            }
        }
    }
}
