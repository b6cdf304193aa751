//! The state as a screen: pure, so that tests can look at what people look at.

pub mod catalog;
pub mod map;
mod overlay;
mod pane;
pub(super) mod pictures;
mod query;
mod results;
mod screen;
mod status;

pub use self::screen::draw;

#[cfg(test)]
pub(super) use tests::state as sample_state;
#[cfg(test)]
mod tests;
