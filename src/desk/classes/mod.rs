//! How well images are classified, and what is lost without some components.

pub mod class_heads;
pub mod judging;
pub mod replacing;
