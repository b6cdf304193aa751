//! Cancelling long work: one flag, asked for between steps.
//!
//! Every loop that can run for more than a moment takes a [`Cancel`] and asks it between batches, so that Ctrl-C brings
//! the prompt back at once and what has already been written stays whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag shared between the work and whoever may stop it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

/// The work was stopped before it ended; nothing half-done was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

impl Cancel {
    /// Asks the work to stop at its next step.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Forgets an earlier request, before new work starts.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Cancelled)` once a stop was asked for: `cancel.check()?` between steps.
    ///
    /// # Errors
    /// [`Cancelled`] when the flag is set.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.requested() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}
