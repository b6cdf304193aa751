//! How long an answer took, in words.

use std::time::Duration;

use crate::interface::answer::{Answer, rows_in_words};

/// `(12 rows, 34 ms, from cache)`.
#[must_use]
pub fn timing(answer: &Answer) -> String {
    let rows = match answer.frame.height() {
        _ if answer.frame.width() == 0 => String::new(),
        rows => format!("{}, ", rows_in_words(rows)),
    };
    let origin = if answer.cached {
        "from cache"
    } else {
        "computed"
    };
    format!("({rows}{}, {origin})", duration(answer.elapsed))
}

/// `34 ms`, `1.2 s`, `3 min 20 s`.
fn duration(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = elapsed.as_secs();
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, df};

    use super::*;

    #[test]
    fn an_answer_without_a_table_counts_no_rows() {
        let mut answer = Answer {
            frame: df!("score" => [0.5, 0.25]).unwrap(),
            cached: true,
            elapsed: Duration::from_millis(34),
            ..Answer::default()
        };
        assert_eq!(timing(&answer), "(2 rows, 34 ms, from cache)");
        answer.frame = DataFrame::empty();
        answer.cached = false;
        assert_eq!(timing(&answer), "(34 ms, computed)");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        for (millis, text) in [
            (0, "0 ms"),
            (34, "34 ms"),
            (1240, "1.2 s"),
            (200_000, "3 min 20 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
