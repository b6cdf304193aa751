//! `rank … via head L.H`: what earlier components contribute *through* a head.
//!
//! Only first-order rows are stored, so the model runs again, on a sample of the images that scores are taken on. What the
//! sources contribute through a head sums to the head's own contribution: that is the total which scores are taken
//! against, and the head's own map carries it into CLIP's space.

mod sources;
mod ticket;

pub use self::ticket::ThroughHead;
