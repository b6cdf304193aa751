//! The one table of keys: what the status line hints at, what the help shows, what the palette offers and what a press
//! does are all read from it.

mod table;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use table::TABLE;

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
    /// The answer before this one.
    EarlierAnswer,
    /// The answer after this one.
    LaterAnswer,
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
