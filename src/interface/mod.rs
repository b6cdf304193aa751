//! What front ends and the engine say to each other: statements go in through [`engine`], and [`answer`]s and
//! [`failure`]s come out, as data. Nothing here draws, computes or reads a store.

pub mod answer;
pub mod assist;
pub mod engine;
pub mod failure;
#[cfg(test)]
pub(crate) mod fake_engine;
pub mod name;
pub mod source;
