//! Rows projected on a few directions, about as fast as the rows can be read: what searches, scans and scores from
//! moments come to.
//!
//! Rows are taken as they are kept, f16, f32 or f64. Widening is exact and every sum is one of f64 products, so that a
//! projection is off by a few roundings of f64 and not of f32. candle's product would pack both sides, read a copy of the
//! rows widened beforehand, and ask the system for the number of its cores before each product, which takes longer than
//! many of them.
//!
//! Instructions are named for one direction, where a row's numbers and not the directions fill registers (`dot`), and for
//! halves, which the compiler widens one by one (`halves`).

mod directions;
#[cfg(target_arch = "x86_64")]
mod dot;
mod halves;
mod number;

pub(crate) use directions::{add_projections, projections};
pub(crate) use halves::widened;
