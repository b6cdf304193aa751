//! `evaluate`: holds answers against what is known about the images.

pub mod ablation;
mod agreement;
mod choices;
mod clip_reference;
pub mod heatmaps;
mod help;
mod precision;
pub mod ranking;
pub mod retrieval;
mod unselected;
