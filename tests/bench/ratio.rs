//! What a decomposition costs beside the bare forward pass: both in turn, so that whatever else the machine does meets
//! both alike. Where the system tells how long a thread has run (Linux), that is what counts, not the time that passed:
//! others at work on the machine then hardly matter.

use std::sync::LazyLock;
use std::time::Instant;

use crate::Threads;
use crate::vit::{BASE, Yardstick, operations, pixels};

/// Batch size, and how often each of both is run.
const CASES: [(usize, usize); 2] = [(1, 21), (8, 5)];

/// Matrix products run together: as many as take about as long as a forward pass.
const PRODUCTS: usize = 4;

/// Measures and prints a table.
pub fn print() {
    LazyLock::force(&BASE);
    println!("\ndecomposed beside bare, in turn, one thread, medians");
    println!(
        "batch   bare ms/image   decomposed ms/image   ratio   bare GFLOP/s   product GFLOP/s"
    );
    for (batch, rounds) in CASES {
        let row = Threads::One.pool().install(|| measure(batch, rounds));
        println!("{row}");
    }
}

fn measure(batch: usize, rounds: usize) -> String {
    let (pixels, yardstick) = (pixels(batch), Yardstick::new());
    let bare = || BASE.represent(&pixels).map(drop).expect("representations");
    let all = || BASE.rows(&pixels, vec![0; batch]).map(drop).expect("rows");
    bare();
    all();
    let (mut bares, mut alls, mut products) = (Vec::new(), Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    for round in 0..rounds {
        // Each goes first every other time: what runs second finds other memory in the caches.
        let (bare_seconds, all_seconds) = if round % 2 == 0 {
            let bare = seconds(bare);
            (bare, seconds(all))
        } else {
            let all = seconds(all);
            (seconds(bare), all)
        };
        bares.push(bare_seconds);
        alls.push(all_seconds);
        ratios.push(all_seconds / bare_seconds);
        products.push(seconds(|| {
            (0..PRODUCTS).for_each(|_| drop(yardstick.run()))
        }));
    }
    let per_image = |time: f64| time * 1e3 / batch as f64;
    let (bare, all, product) = (median(bares), median(alls), median(products));
    format!(
        "{batch:>5}   {:>13.1}   {:>19.1}   {:>5.3}   {:>12.1}   {:>15.1}",
        per_image(bare),
        per_image(all),
        median(ratios),
        operations(batch) as f64 / bare / 1e9,
        (PRODUCTS as u64 * Yardstick::operations()) as f64 / product / 1e9,
    )
}

/// How long `work` takes.
fn seconds(work: impl FnOnce()) -> f64 {
    let (ran, start) = (time_run(), Instant::now());
    work();
    let passed = start.elapsed().as_secs_f64();
    match (ran, time_run()) {
        (Some(before), Some(after)) => after - before,
        _ => passed,
    }
}

/// Seconds that this thread has run, to a tick of the kernel's clock (proc(5), `schedstat`).
fn time_run() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds as f64 * 1e-9)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
