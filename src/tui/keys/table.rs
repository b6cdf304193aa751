//! Every key there is, in the order of hints and help.

use crossterm::event::{KeyCode, KeyModifiers};

use super::action::Action;
use super::binding::{Binding, Key};
use super::context::Context;

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
#[rustfmt::skip] // one line per key
pub const TABLE: &[Binding] = &{
    use Action as A;
    use Context::{
        Catalog, Completions, Everywhere, Filter, Map, Overlay, Palette, Pictures, Query, Results,
    };
    [
        bind(Query, &[ENTER], A::Submit, "run the query", "run"),
        bind(Query, &[TAB], A::Complete, "complete the word", "complete"),
        bind(Query, &[Key(KeyCode::Enter, KeyModifiers::ALT), ctrl('j')], A::NewLine, "begin a new line", "new line"),
        bind(Query, &[UP], A::Up, "line up, then earlier queries", ""),
        bind(Query, &[DOWN], A::Down, "line down, then later queries", ""),
        bind(Query, &[ESC], A::Back, "stop the query, or go to the results", "results"),
        bind(Query, &[ctrl('d')], A::QuitIfEmpty, "quit, if the query is empty", ""),
        bind(Completions, &[ENTER], A::Accept, "take the completion", "take"),
        bind(Completions, &[DOWN, TAB], A::Down, "next completion", "next"),
        bind(Completions, &[UP, BACK_TAB], A::Up, "previous completion", ""),
        bind(Completions, &[ESC], A::Back, "close the list", "close"),
        bind(Results, &[ENTER], A::Accept, "the whole row", "row"),
        bind(Results, &[char('/')], A::OpenFilter, "filter rows", "filter"),
        bind(Results, &[char('s')], A::Sort, "sort by this column: down, up, not", "sort"),
        bind(Results, &[char('f')], A::Freeze, "keep the first column in place", "freeze"),
        bind(Results, &[char('y')], A::Copy, "copy the cell", "copy"),
        bind(Results, &[char('Y')], A::CopyRow, "copy the row", ""),
        bind(Results, &[char('x')], A::ShowAll, "drop filter and order", ""),
        bind(Results, &[UP, char('k')], A::Up, "row up", ""),
        bind(Results, &[DOWN, char('j')], A::Down, "row down", ""),
        bind(Results, &[LEFT, char('h')], A::Left, "column to the left", ""),
        bind(Results, &[RIGHT, char('l')], A::Right, "column to the right", ""),
        bind(Results, &[plain(KeyCode::PageUp), ctrl('u')], A::PageUp, "page up", ""),
        bind(Results, &[plain(KeyCode::PageDown), ctrl('d')], A::PageDown, "page down", ""),
        bind(Results, &[plain(KeyCode::Home), char('g')], A::First, "first row", ""),
        bind(Results, &[plain(KeyCode::End), char('G')], A::Last, "last row", ""),
        bind(Map, &[ENTER, char('i')], A::AskImages, "images by this unit alone", "images"),
        bind(Map, &[char(' ')], A::Mark, "mark the unit, or not", "mark"),
        bind(Map, &[char('a')], A::AskAblate, "ablate the marked units", "ablate"),
        bind(Map, &[char('w')], A::AskWithout, "images without the marked units", "without"),
        bind(Map, &[char('r')], A::AskUsing, "images by the marked units", "using"),
        bind(Map, &[char('f')], A::Follow, "ask again whenever the unit or the marks change", "follow"),
        bind(Map, &[char('d')], A::AskDescribe, "describe this unit", ""),
        bind(Map, &[char('t')], A::AskFeatures, "features of this unit", ""),
        bind(Map, &[char('x')], A::Unmark, "take all marks off", ""),
        bind(Map, &[char('n')], A::NextMap, "next map of this answer", ""),
        bind(Map, &[char('y')], A::Copy, "copy the unit's name", ""),
        bind(Map, &[UP, char('k')], A::Up, "layer up", ""),
        bind(Map, &[DOWN, char('j')], A::Down, "layer down", ""),
        bind(Map, &[LEFT, char('h')], A::Left, "head to the left", ""),
        bind(Map, &[RIGHT, char('l')], A::Right, "head to the right", ""),
        bind(Map, &[plain(KeyCode::Home), char('g')], A::First, "weakest score", ""),
        bind(Map, &[plain(KeyCode::End), char('G')], A::Last, "strongest score", ""),
        bind(Pictures, &[RIGHT, DOWN, char('l'), char('j')], A::Down, "next picture", "next"),
        bind(Pictures, &[LEFT, UP, char('h'), char('k')], A::Up, "previous picture", "previous"),
        bind(Pictures, &[plain(KeyCode::Home), char('g')], A::First, "first picture", ""),
        bind(Pictures, &[plain(KeyCode::End), char('G')], A::Last, "last picture", ""),
        bind(Pictures, &[char('y')], A::Copy, "copy the caption", "copy"),
        bind(Catalog, &[ENTER], A::Accept, "insert the name into the query", "insert"),
        bind(Catalog, &[char('d')], A::AskDescribe, "describe it", "describe"),
        bind(Catalog, &[char('y')], A::Copy, "copy the name", "copy"),
        bind(Catalog, &[UP, char('k')], A::Up, "name up", ""),
        bind(Catalog, &[DOWN, char('j')], A::Down, "name down", ""),
        bind(Catalog, &[plain(KeyCode::Home), char('g')], A::First, "first name", ""),
        bind(Catalog, &[plain(KeyCode::End), char('G')], A::Last, "last name", ""),
        bind(Overlay, &[ESC, char('q'), ENTER, char('?'), f(1)], A::Back, "close", "close"),
        bind(Overlay, &[UP, char('k')], A::Up, "line up", ""),
        bind(Overlay, &[DOWN, char('j'), char(' ')], A::Down, "line down", "scroll"),
        bind(Overlay, &[plain(KeyCode::PageUp)], A::PageUp, "page up", ""),
        bind(Overlay, &[plain(KeyCode::PageDown)], A::PageDown, "page down", ""),
        bind(Overlay, &[char('y')], A::Copy, "copy the text", "copy"),
        bind(Filter, &[ENTER, DOWN], A::Accept, "keep the filter", "keep"),
        bind(Filter, &[ESC], A::Back, "drop the filter", "drop"),
        bind(Palette, &[ENTER], A::Accept, "do it, or run the statement", "do it"),
        bind(Palette, &[TAB, DOWN], A::Down, "next", "next"),
        bind(Palette, &[UP, BACK_TAB], A::Up, "previous", ""),
        bind(Palette, &[ESC], A::Back, "close", "close"),
        bind(Everywhere, &[char('?'), f(1)], A::Help, "all keys", "help"),
        bind(Everywhere, &[char(':')], A::OpenPalette, "command palette", "commands"),
        bind(Everywhere, &[ctrl('p')], A::OpenPalette, "command palette, also from the query", ""),
        bind(Everywhere, &[TAB], A::NextPane, "next pane", "pane"),
        bind(Everywhere, &[BACK_TAB], A::PreviousPane, "previous pane", ""),
        bind(Everywhere, &[f(2), char('1')], A::FocusQuery, "to the query", ""),
        bind(Everywhere, &[f(3), char('2')], A::FocusResults, "to the results", ""),
        bind(Everywhere, &[f(4), char('3')], A::FocusMap, "to the unit map", ""),
        bind(Everywhere, &[f(6), char('4')], A::FocusPictures, "to the pictures", ""),
        bind(Everywhere, &[f(7), char('5')], A::FocusCatalog, "to the catalog", ""),
        bind(Everywhere, &[f(5)], A::Run, "run the query from anywhere", ""),
        bind(Everywhere, &[char('[')], A::EarlierAnswer, "the answer before", ""),
        bind(Everywhere, &[char(']')], A::LaterAnswer, "the answer after", ""),
        bind(Everywhere, &[f(10), char('z')], A::Zoom, "zoom this pane", "zoom"),
        bind(Everywhere, &[char('m')], A::Messages, "what was said so far", ""),
        bind(Everywhere, &[ctrl('s')], A::SaveSession, "save the session as a script", ""),
        bind(Everywhere, &[f(9)], A::NextTheme, "next theme", ""),
        bind(Everywhere, &[ESC], A::Back, "stop the query", ""),
        bind(Everywhere, &[ctrl('c')], A::Interrupt, "stop the query; empty the query", ""),
        bind(Everywhere, &[char('q'), ctrl('q')], A::Quit, "quit", "quit"),
    ]
};
