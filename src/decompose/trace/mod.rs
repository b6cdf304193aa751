//! The recorded forward pass: a model is written once against [`Trace`], and everything else follows from the record.
//!
//! Each operation computes its value and, when the trace is recording, notes what the readout will need to be pulled
//! back through it: the weights, and the statistics that are frozen (1/σ, 1/‖z‖, attention). Components are tagged
//! where they are made: [`Trace::embedded`], [`Trace::attention`], [`Trace::mlp`] and [`Trace::convolution`].
//!
//! Values are `[B, T, D]`. Residual additions may happen in place, so a [`Signal`] is consumed by what changes it. A branch's
//! bias and scale are left to the addition, which does them in passing.

mod components;
mod operations;
mod reads;
mod recording;
mod signal;

pub use operations::Trace;
pub use reads::{Detail, Reads};
pub use recording::Recording;
pub(super) use recording::{HeadDetail, Op};
pub use signal::Signal;
