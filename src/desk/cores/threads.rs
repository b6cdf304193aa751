//! Thread pools of one: what runs inside sees one core, however many there are.
//!
//! candle splits every matrix product over as many threads as the process may use, and runs the pieces on the pool it
//! is called from; inside a pool of one thread they run one after the other, with nothing to wait for.

use crate::desk::DeskError;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A pool of one thread.
///
/// # Errors
/// When the system grants no thread.
pub fn one() -> Result<ThreadPool, DeskError> {
    ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .map_err(|error| DeskError::Refused {
            message: format!("can't start a worker thread: {error}"),
            help: None,
        })
}
