//! vitscope: ask what each part of a vision transformer contributes to an image representation, in words.
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod align;
pub mod analysis;
pub mod cli;
pub mod config;
pub mod contributions;
pub mod decompose;
pub mod demo;
pub mod engine;
pub mod files;
pub mod interface;
pub mod kernels;
pub mod lang;
mod linalg;
pub mod output;
pub mod picture;
pub mod repl;
pub mod session;
pub mod store;
pub mod text;
pub mod tui;
pub mod vision;
pub mod work;
