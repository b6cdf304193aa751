//! One slip of the finger in any example: the error points at it and names the word that was meant.

use std::collections::BTreeSet;

use vitscope::lang::error::{LangError, Problem};
use vitscope::lang::lex::{TokenKind, tokens};
use vitscope::lang::script::parse_statement;
use vitscope::statements::STATEMENTS;

use super::{EXAMPLES, catalog, settings};

/// Slips whose error misses the word or doesn't name the right one, each as `typo ← word: statement`.
const POOR: &str = include_str!("poor_messages.txt");

/// Every single deletion, swap of neighbours and doubling of a letter.
fn slips(word: &str) -> BTreeSet<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut slips = BTreeSet::new();
    for at in 0..letters.len() {
        let mut cut = letters.clone();
        cut.remove(at);
        let mut doubled = letters.clone();
        doubled.insert(at, letters[at]);
        let mut swapped = letters.clone();
        if at + 1 < letters.len() {
            swapped.swap(at, at + 1);
        }
        slips.extend([cut, doubled, swapped].map(String::from_iter));
    }
    slips.remove(word);
    slips.remove("");
    slips
}

fn error_of(text: &str) -> Option<LangError> {
    let statement = match parse_statement(text) {
        Ok(statement) => statement,
        Err(error) => return Some(error.into()),
    };
    STATEMENTS
        .resolve(&statement, &catalog(), &settings())
        .err()
        .map(LangError::from)
}

/// Whether a word is a name the statement gives; any spelling of it is right.
fn is_given(before: &str) -> bool {
    let words: Vec<&str> = before.split_whitespace().collect();
    matches!(
        words.as_slice(),
        ["add", _] | ["define" | "let"] | [.., "into"]
    )
}

#[test]
fn a_slip_in_any_word_is_pointed_at_and_put_right() {
    let (mut tried, mut poor) = (0, Vec::new());
    for example in EXAMPLES {
        for token in tokens(example)
            .into_iter()
            .filter(|t| t.kind == TokenKind::Word)
        {
            let (start, end) = (token.span.start, token.span.end);
            let word = &example[start..end];
            if is_given(&example[..start]) {
                continue;
            }
            for slip in slips(word) {
                let text = format!("{}{slip}{}", &example[..start], &example[end..]);
                let Some(error) = error_of(&text) else {
                    // What the slip made is right too (`head` for `heads` before a place).
                    continue;
                };
                tried += 1;
                let span = error.span();
                let covers = span.start <= start && span.end >= start + slip.len();
                let hint = error.help().unwrap_or_default() + &error.to_string();
                let named = error.nearest() == Some(word) || hint.contains(&format!("`{word}`"));
                if !(covers && named) {
                    poor.push(format!("{slip} ← {word}: {text}"));
                }
            }
        }
    }
    let known: BTreeSet<&str> = POOR.lines().filter(|line| !line.starts_with('#')).collect();
    let found: BTreeSet<&str> = poor.iter().map(String::as_str).collect();
    assert!(tried > 2000, "{tried}");
    assert!(
        20 * found.len() <= tried,
        "{} of {tried} are poor",
        found.len()
    );
    let new: Vec<_> = found.difference(&known).collect();
    let mended: Vec<_> = known.difference(&found).collect();
    assert!(
        new.is_empty() && mended.is_empty(),
        "of {tried}; new: {new:#?}\nmended: {mended:#?}"
    );
}
