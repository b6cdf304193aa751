//! `add`: models and image sets come into the store.

mod help;
pub mod images;
pub mod model;
