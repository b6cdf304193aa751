//! vitscope: ask what each part of a vision transformer contributes to an image representation, in words.
//!
//! A statement goes down this list and its answer comes up again; each folder knows those below it.
//!
//! | folder | what it does |
//! |---|---|
//! | [`cli`], [`repl`], [`tui`], [`demo`] | where statements come from and answers go: flags and scripts, the prompt, the full screen, the tour |
//! | [`session`] | carries statements out, one after the other, and keeps their results |
//! | [`statements`] | one file or folder each: how it is read, planned and run, and its page of help |
//! | [`desk`] | what statements share: plans and their tickets, stored contributions, texts, scores, selections |
//! | [`lang`] | the language: from text to words with every name looked up |
//! | [`store`] | everything on disk: models, image sets, decompositions, texts |
//! | [`analysis`] | scores, retrieval, ablation, probes: what contributions say |
//! | [`align`] | maps from a model's components into CLIP's space (CompAlign) |
//! | [`contributions`] | pooled rows and their maps, as whoever reads them sees them |
//! | [`text`] | CLIP's text tower |
//! | [`vision`] | checkpoints and images: configurations, weights, preprocessing, the models |
//! | [`decompose`] | a recorded forward pass, and the readout pulled back through it (RepDecompose) |
//! | [`kernels`], `linalg` | products, attention, convolutions; the little linear algebra beyond |
//! | [`output`], [`picture`], [`config`] | tables and formats, pictures, what is configured |
//! | [`interface`] | what front ends and sessions say to each other: answers, failures, help while typing |
//! | [`work`], [`files`] | progress and cancelling; files as people name them and as memory sees them |
#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod align;
pub mod analysis;
pub mod cli;
pub mod config;
pub mod contributions;
pub mod decompose;
pub mod demo;
pub mod desk;
pub mod files;
pub mod interface;
pub mod kernels;
pub mod lang;
mod linalg;
pub mod output;
pub mod picture;
pub mod repl;
pub mod session;
pub mod statements;
pub mod store;
pub mod text;
pub mod tui;
pub mod vision;
pub mod work;
