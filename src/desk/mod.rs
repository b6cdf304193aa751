//! What statements share: a statement plans at a desk and runs at it, and no desk knows any statement.
//!
//! A [`Planner`] looks up what the store holds and gives tickets, each a step of the [`plan`]; a [`Desk`] is what tickets are
//! redeemed at.
//!
//! | what | where |
//! |---|---|
//! | what a statement is, and how it is run | [`statement`] |
//! | the names there are | [`catalog`] |
//! | what is stored of a decomposition: rows, maps into CLIP's space, moments | [`stored`] |
//! | what is known of models, models in memory, forward passes, token maps, what goes through a head | [`models`] |
//! | texts and classes as CLIP sees them | [`texts`] |
//! | units, their scores, choices of them, random ones | [`units`] |
//! | images: how a set is split, what its columns say | [`images`] |
//! | class heads, ablated or whole | [`classes`] |
//! | columns, conditions, pipe stages, sentences | [`tables`] |
//! | work on all cores | [`cores`] |

pub mod catalog;
pub mod classes;
pub mod cores;
#[allow(clippy::module_inception)]
// the folder holds what statements share, the file the desk itself
mod desk;
pub mod error;
pub mod images;
pub mod models;
pub mod plan;
pub mod planner;
mod shelf;
pub mod statement;
pub mod stored;
pub mod tables;
pub mod texts;
pub mod units;

pub use self::desk::{Around, Desk};
pub use self::error::DeskError;
pub use self::models::loaded::LoadedModels;
pub use self::planner::Planner;
pub use self::shelf::{Carried, Open, Shelf};
