//! How fast: forward passes and their decomposition, questions about stored contributions, and the kernels below them.
//!
//! `cargo bench` runs everything; `cargo bench -- forward` a part; `cargo bench -- ratio` only what a decomposition costs
//! beside the bare forward pass. That number is a few per cent, less than what a busy machine adds from one minute to
//! the next, so it can't be read off two benchmarks run one after the other: [`ratio`] takes turns. So does
//! `tests/bench/peers.py`, which runs the same models elsewhere.

mod aligning;
mod asking;
#[path = "../support/hashed.rs"]
mod hashed;
mod kernels;
mod made;
mod peer;
mod questions;
mod ratio;
mod reading;
mod searching;
mod tui;
mod vit;

use std::path::Path;

/// The binary's allocator: speed without it would be another program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many threads the pool has in which a benchmark runs.
#[derive(Clone, Copy, Debug)]
enum Threads {
    /// One, as each worker of `decompose` has.
    One,
    /// One for each core.
    All,
}

impl Threads {
    fn pool(self) -> rayon::ThreadPool {
        let threads = match self {
            Self::One => 1,
            Self::All => 0, // rayon's word for one per core
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let named: Vec<&str> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .map(String::as_str)
        .collect();
    if let ["peer", folder, batch] = named[..] {
        return peer::serve(folder, batch.parse().expect("a number of images"));
    }
    if let ["store", folder, images, ref which @ ..] = named[..] {
        let images = images.parse().expect("a number of images");
        return made::make(Path::new(folder), images, which == ["demo"]);
    }
    match named[..] {
        ["align"] => return aligning::print(),
        ["search"] => return searching::print(),
        ["ask", folder] => return asking::print(Path::new(folder)),
        _ => {}
    }
    if named != ["ratio"] {
        divan::main();
    }
    let lists = arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test");
    if !lists && (named.is_empty() || named.contains(&"ratio")) {
        ratio::print();
    }
}
