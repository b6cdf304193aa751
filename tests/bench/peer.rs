//! Our side of `peers.py`: a model from a checkpoint folder, timed whenever a line on stdin asks for it.
//!
//! `cargo bench --bench speed -- peer FOLDER BATCH` and then one line each: `bare`, `bf16` (the same, by products of bf16),
//! `heads` (every component pooled) or `tokens` (every head split over tokens). Answers a line with the seconds it took. How many threads work is rayon's
//! `RAYON_NUM_THREADS`, as for candle.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use vitscope::decompose::Decomposer;
use vitscope::kernels::Numbers;
use vitscope::vision::checkpoint::Checkpoint;

use crate::hashed;

/// Serves until stdin ends.
pub fn serve(folder: &str, batch: usize) {
    let checkpoint = Checkpoint::open(Path::new(folder)).expect("a checkpoint");
    let [decomposer, rounding] = [Numbers::F32, Numbers::Bf16].map(|numbers| {
        let model = checkpoint.model_multiplying(numbers).expect("a model");
        Decomposer::new(model).expect("maps")
    });
    let (height, width) = decomposer.image_size();
    let pixels = hashed::input(batch, height, width);
    let answer = |line: String| {
        println!("{line}");
        std::io::stdout().flush().expect("an open pipe");
    };
    answer("ready".to_owned());
    for line in std::io::stdin().lock().lines() {
        let start = Instant::now();
        match line.expect("text").as_str() {
            "bare" => drop(decomposer.represent(&pixels).expect("representations")),
            "bf16" => drop(rounding.represent(&pixels).expect("representations")),
            "heads" => drop(decomposer.rows(&pixels, vec![0; batch]).expect("rows")),
            "tokens" => drop(decomposer.tokens(&pixels).expect("token terms")),
            other => panic!("{other} is not `bare`, `bf16`, `heads` or `tokens`"),
        }
        answer(start.elapsed().as_secs_f64().to_string());
    }
}
