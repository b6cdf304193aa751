//! What questions take in a session, on a store of any size.
//!
//! `cargo bench -- ask FOLDER`, where `cargo bench -- store FOLDER IMAGES` has made a store: each question is asked of a
//! session that has asked its like before, about a text that is new and, once that is embedded, again. What the text's
//! embedding takes is the difference.

use std::path::Path;
use std::time::Instant;

use vitscope::session::Session;

/// How often each is asked, every time with another text.
const ROUNDS: usize = 9;

/// Questions about a text, `{}`.
const QUESTIONS: [&str; 4] = [
    "rank heads for \"{}\" in vit on scenes",
    "rank components for \"{}\" in vit on scenes",
    "retrieve 10 images for \"{}\" in vit on scenes using heads 3.0 to 3.2",
    "retrieve 10 images for \"{}\" in clip on scenes using heads 3.0 to 3.2",
];

/// Prints the table.
pub fn print(folder: &Path) {
    let mut session = Session::open(folder.join("store")).expect("a store");
    let run = std::process::id();
    println!(
        "{:<80} {:>12} {:>12}",
        "milliseconds, medians", "new text", "known text"
    );
    for (number, question) in QUESTIONS.into_iter().enumerate() {
        let (mut first, mut again) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let question =
                question.replace("{}", &format!("a thing of kind {run} {number} {round}"));
            first.push(milliseconds(&mut session, &question));
            again.push(milliseconds(&mut session, &question));
        }
        // The first of all finds the store closed.
        let (first, again) = (median(&mut first[1..]), median(&mut again[1..]));
        println!("{question:<80} {first:>12.1} {again:>12.1}");
    }
}

fn milliseconds(session: &mut Session, question: &str) -> f64 {
    let start = Instant::now();
    session.ask(question).expect("an answer");
    start.elapsed().as_secs_f64() * 1e3
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
