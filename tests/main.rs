//! What vitscope promises, one file per promise.

mod checkpoints;
mod cli;
mod contributions;
mod demo;
mod first_minutes;
mod hostile;
mod hub;
mod image_sets;
mod language;
mod maps;
mod open_clip;
mod parity;
mod place;
mod preprocess;
mod prompt;
mod questions;
mod recovery;
mod scripts;
mod second_order;
mod stages;
mod store;
mod support;
mod suspicions;
mod text;
mod torch_files;
