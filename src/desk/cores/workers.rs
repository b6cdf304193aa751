//! Work on a set's images one by one, over all cores, results in order: nothing but the results is kept.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPool;

use crate::desk::cores::threads;
use crate::desk::{Desk, DeskError};

/// Images per worker between two visits of their results.
const STRIDE: usize = 8;

/// One pool of one thread per core.
pub fn workers() -> Result<Vec<ThreadPool>, DeskError> {
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (0..count).map(|_| threads::one()).collect()
}

/// `work` on each of `items`, spread over `workers`; the results in the order of the items. Work that has not begun when
/// `go_on` says no, or after an error, is not done, and has no result.
pub fn spread<T: Send>(
    workers: &[ThreadPool],
    items: &[usize],
    go_on: &(dyn Fn() -> bool + Sync),
    work: &(dyn Fn(usize) -> Result<T, DeskError> + Sync),
) -> Result<Vec<T>, DeskError> {
    let results: Vec<Mutex<Option<Result<T, DeskError>>>> =
        items.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let take = || {
        while go_on() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(&item) = items.get(index) else {
                break;
            };
            let result = work(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            *results[index].lock().expect("nobody panics holding this") = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for pool in workers {
            scope.spawn(|| pool.install(take));
        }
    });
    let results = results.into_iter();
    let done = results.map_while(|result| result.into_inner().expect("nobody panicked"));
    done.collect()
}

impl Desk<'_> {
    /// `work` on the images `rows`, then `visit` on each result, in order, until it breaks.
    ///
    /// # Errors
    /// Whatever work or visit fails with; [`DeskError::Cancelled`].
    pub fn each_image<T: Send>(
        &self,
        what: &str,
        rows: &[usize],
        work: &(dyn Fn(usize) -> Result<T, DeskError> + Sync),
        visit: &mut dyn FnMut(usize, T) -> Result<ControlFlow<()>, DeskError>,
    ) -> Result<(), DeskError> {
        let workers = workers()?;
        self.progress.start(what, rows.len() as u64);
        let mut done = 0;
        'all: for chunk in rows.chunks(STRIDE * workers.len()) {
            let results = spread(&workers, chunk, &|| !self.cancel.requested(), work)?;
            self.cancel.check()?;
            for (&row, result) in chunk.iter().zip(results) {
                if visit(row, result)?.is_break() {
                    break 'all;
                }
            }
            done += chunk.len();
            self.progress.advance(done as u64);
        }
        self.progress.finish();
        Ok(())
    }
}
