//! The full-screen interface: one thread owns the terminal and the state, another the engine.
//!
//! `Event` → [`update::update`] (pure) → `Effect`s, carried out by the loop in [`terminal`]; [`draw::draw`] (pure) shows the
//! state. Nothing here decides anything about queries: the engine answers, the prompt's own helper completes.

pub mod draw;
pub mod editor;
pub mod event;
mod history;
pub mod keys;
pub mod layout;
pub mod map;
mod map_layout;
pub mod overlay;
pub mod palette;
mod pixels;
pub mod state;
pub mod table;
pub mod terminal;
pub mod theme;
pub mod update;
pub mod worker;

pub use terminal::{Options, run};
