//! Did you mean …? The known word nearest to what was written, if one is near enough.

use strsim::damerau_levenshtein;

/// The word of `known` that `word` was probably meant to be. The same question always has the same answer: ties go to
/// words that differ only by letters left out, typed twice or swapped, then to those with the same first letter, then to the
/// nearest in length, then to the first of the alphabet.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = word.to_lowercase();
    let length = written.chars().count();
    known
        .into_iter()
        .filter_map(|candidate| {
            let folded = candidate.to_lowercase();
            let distance = distance(&written, &folded)?;
            let same_letters = letters(&written) == letters(&folded);
            let replaced =
                !(same_letters || within(&written, &folded) || within(&folded, &written));
            let other_start = written.chars().next() != folded.chars().next();
            let difference = folded.chars().count().abs_diff(length);
            Some((distance, replaced, other_start, difference, candidate))
        })
        .min()
        .map(|(.., candidate)| candidate)
}

/// The letters of a word in alphabetical order.
fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// Whether the letters of `short` all occur in `long`, in order.
fn within(short: &str, long: &str) -> bool {
    let mut letters = long.chars();
    short
        .chars()
        .all(|letter| letters.any(|other| other == letter))
}

/// How far apart two words are, or `None` if too far for one to be a slip of the other.
fn distance(written: &str, known: &str) -> Option<usize> {
    let length = written.chars().count();
    let edits = damerau_levenshtein(written, known);
    let allowed = match length {
        0..=3 => 1,
        4..=5 => 2,
        _ => 3,
    };
    // An abbreviation, or a name with something added, is a stronger sign than many edits.
    let contained = length >= 3 && (known.contains(written) || written.contains(known));
    match (edits <= allowed, contained && known.len() >= 3) {
        (_, true) => Some(edits.min(2)),
        (true, false) => Some(edits),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let known = ["heads", "head", "mlps", "components", "dinov2"];
        assert_eq!(nearest("haeds", known), Some("heads"));
        assert_eq!(nearest("hea", known), Some("head"));
        assert_eq!(nearest("DINO", known), Some("dinov2"));
        assert_eq!(nearest("dinov2-base", known), Some("dinov2"));
        assert_eq!(nearest("texture", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn ties_go_to_the_same_first_letter_then_the_alphabet() {
        assert_eq!(nearest("cat", ["bat", "cut"]), Some("cut"));
        assert_eq!(nearest("cat", ["cut", "cot"]), Some("cot"));
        assert_eq!(nearest("cat", ["cot", "cut"]), Some("cot"));
        assert_eq!(nearest("heas", ["head", "heads"]), Some("heads"));
        assert_eq!(nearest("heasd", ["head", "heads"]), Some("heads"));
    }
}
