//! What an event does to the state, and what it wants done outside: pure, so that every behaviour has a test without a
//! terminal.

mod actions;
mod catalog;
mod events;
mod map;
mod messages;
mod mouse;
mod palette;
mod pictures;
mod query;
mod requests;
mod results;
mod selection;

pub use self::events::update;

#[cfg(test)]
mod tests;
