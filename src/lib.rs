//! vitscope: ask what each part of a vision transformer contributes to an image representation, in words.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod align;
pub mod analysis;
pub mod answer;
pub mod cancel;
pub mod cli;
pub mod config;
pub mod contributions;
pub mod decompose;
pub mod demo;
pub mod device;
pub mod doctor;
pub mod engine;
pub mod failure;
pub mod front;
pub mod held;
pub mod interrupt;
pub mod kernels;
pub mod lang;
mod linalg;
mod mapped;
pub mod output;
pub mod paths;
pub mod picture;
mod planted;
pub mod progress;
pub mod repl;
pub mod script;
pub mod session;
pub mod store;
pub mod text;
pub mod tui;
pub mod vision;
