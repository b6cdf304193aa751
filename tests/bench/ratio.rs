//! What a decomposition costs beside the bare forward pass, and a forward pass in bf16 beside one in f32: both in turn, so
//! that whatever else the machine does meets both alike. Where the system tells how long a thread has run (Linux), that is
//! what counts, not the time that passed: others at work on the machine then hardly matter.

use std::sync::LazyLock;
use std::time::Instant;

use vitscope::decompose::Decomposer;
use vitscope::kernels::Numbers;

use crate::Threads;
use crate::vit::{BASE, BASE_BF16, Yardstick, operations, pixels};

/// Images that each of both brings through the model between two looks at the clock: a tick is a small part of that.
const IMAGES: usize = 8;

/// Batch sizes.
const BATCHES: [usize; 2] = [1, 8];

/// How often each of both is run.
const ROUNDS: usize = 9;

/// Matrix products run together: as many as take about as long as these forward passes.
const PRODUCTS: usize = 32;

/// Measures and prints two tables.
pub fn print() {
    LazyLock::force(&BASE);
    println!("\ndecomposed beside bare, in turn, one thread, medians");
    println!(
        "batch   bare ms/image   decomposed ms/image   ratio   bare GFLOP/s   product GFLOP/s"
    );
    for batch in BATCHES {
        let turns = Threads::One.pool().install(|| {
            let pixels = pixels(batch);
            let bare = || drop(BASE.represent(&pixels).expect("representations"));
            let all = || drop(BASE.rows(&pixels, vec![0; batch]).expect("rows"));
            take_turns(batch, [&bare, &all], Numbers::F32)
        });
        let ([bare, all], of_products) = (turns.seconds, turns.of_products);
        println!(
            "{batch:>5}   {:>13.1}   {:>19.1}   {:>5.3}   {:>12.1}   {:>15.1}",
            per_image(bare),
            per_image(all),
            turns.ratio,
            speed(bare),
            of_products,
        );
    }
    LazyLock::force(&BASE_BF16);
    println!("\nbare forward passes in bf16 beside f32, in turn, one thread, medians");
    println!(
        "batch   f32 ms/image   bf16 ms/image   ratio   f32 GFLOP/s   bf16 GFLOP/s   bf16 product GFLOP/s"
    );
    for batch in BATCHES {
        let turns = Threads::One.pool().install(|| {
            let pixels = pixels(batch);
            let bare = |base: &Decomposer| drop(base.represent(&pixels).expect("representations"));
            take_turns(
                batch,
                [&|| bare(&BASE), &|| bare(&BASE_BF16)],
                Numbers::Bf16,
            )
        });
        let [f32, bf16] = turns.seconds;
        println!(
            "{batch:>5}   {:>12.1}   {:>13.1}   {:>5.3}   {:>11.1}   {:>12.1}   {:>20.1}",
            per_image(f32),
            per_image(bf16),
            turns.ratio,
            speed(f32),
            speed(bf16),
            turns.of_products,
        );
    }
}

/// Milliseconds.
fn per_image(seconds: f64) -> f64 {
    seconds * 1e3 / IMAGES as f64
}

/// A forward pass's GFLOP/s.
fn speed(seconds: f64) -> f64 {
    operations(IMAGES) as f64 / seconds / 1e9
}

/// What two kinds of work took, medians.
struct Turns {
    seconds: [f64; 2],
    /// The second over the first, over all rounds.
    ratio: f64,
    /// GFLOP/s of matrix products between them.
    of_products: f64,
}

/// Runs both in turn, and products of `numbers` after each round.
fn take_turns(batch: usize, work: [&dyn Fn(); 2], numbers: Numbers) -> Turns {
    let yardstick = Yardstick::new(numbers);
    work.iter().for_each(|work| work());
    let (mut times, mut products) = ([Vec::new(), Vec::new()], Vec::new());
    for round in 0..ROUNDS {
        // Each goes first every other time: what runs second finds other memory in the caches.
        for turn in [round % 2, 1 - round % 2] {
            let time = seconds(|| (0..IMAGES / batch).for_each(|_| work[turn]()));
            times[turn].push(time);
        }
        products.push(seconds(|| {
            (0..PRODUCTS).for_each(|_| drop(yardstick.run()))
        }));
    }
    let operations = (PRODUCTS as u64 * Yardstick::operations()) as f64;
    let [first, second] = times.each_ref().map(|times| times.iter().sum::<f64>());
    Turns {
        seconds: times.map(median),
        ratio: second / first,
        of_products: operations / median(products) / 1e9,
    }
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
