//! Looks keys up in the table: what a press does, and what to hint at.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::binding::{Key, name};
use super::context::Context;
use super::table::TABLE;

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

#[cfg(test)]
mod tests {
    use super::super::binding::Binding;
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
