//! Whatever is typed, nothing panics; and what parses prints as text that parses to the same.

use proptest::prelude::*;
use vitscope::lang::expect::keywords;
use vitscope::lang::script::{parse_statement, split};

use super::{EXAMPLES, survive};

/// Runs everything that looks at text.
fn survives(text: &str) {
    survive::statements(text);
    survive::completion(text);
    survive::highlighting(text);
}

/// Pieces of statements in any order: far likelier to get deep into the grammar than any text.
fn pieces() -> impl Strategy<Value = String> {
    let mut words: Vec<String> = keywords().to_vec();
    for example in EXAMPLES {
        words.extend(example.split(' ').map(str::to_owned));
    }
    let signs = [
        "\"", "(", ")", ";", "\n\n", "\n", "|", "$n", "`", "#", "5.*", "-1e9", "é", "\0",
    ];
    words.extend(signs.map(str::to_owned));
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.join(" "))
}

/// An example with a few bytes' worth of characters cut, put in or replaced.
fn mangled() -> impl Strategy<Value = String> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3), 0..4);
    (prop::sample::select(EXAMPLES), edits).prop_map(|(example, edits)| {
        let mut text: Vec<char> = example.chars().collect();
        for (index, character, edit) in edits {
            let at = index.index(text.len() + 1);
            match edit {
                0 => text.insert(at, character),
                1 if at < text.len() => text[at] = character,
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
        text.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_words_are_survived(text in pieces()) {
        survives(&text);
    }

    #[test]
    fn any_mangled_example_is_survived_and_prints_back(text in mangled()) {
        survives(&text);
    }

    #[test]
    fn statements_of_a_script_come_in_order_and_apart(text in pieces()) {
        let spans = split(&text);
        for pair in spans.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        for span in spans {
            prop_assert!(!text[span.range()].trim().is_empty());
        }
    }
}

/// A question put together from parts that fit, in an order of options that no one would write.
fn questions() -> impl Strategy<Value = String> {
    const HEADS: [&str; 5] = [
        "rank heads 5.*, mlp 3 for texture, text 'a \"b\\' \\\\c', (\"x\", $y) in dinov2, $m",
        "retrieve $n images like scenes[3] by (\"red\", 'blue') in `odd name`",
        "classify birds by label in dinov2",
        "evaluate ablation of layers 5 to 0, neuron 3.14 for color in clip",
        "contributions of heads 4.0 to 5.3, init, bias in swin aligned",
    ];
    const OPTIONS: [&str; 8] = [
        "on scenes",
        "by order-free",
        "limit 1e3",
        "seed 7",
        "template none",
        "template 'a {}', \"the {}\"",
        "as paper",
        "where not (a = -1 or b != 'x' and c like \"%\") and d not in (1, x) or not e between 1 and 2",
    ];
    const STAGES: [&str; 6] = [
        "| where `odd column` <> 2 and (x = 1 or (y = 2 and z = 3))",
        "| sort a asc, b desc",
        "| select `limit`, c",
        "| take 3",
        "| group a, b: mean c, count",
        "| save 'x.csv'",
    ];
    let some = |list: &'static [&'static str]| {
        prop::sample::subsequence(list, 0..=list.len()).prop_shuffle()
    };
    (
        prop::sample::select(&HEADS),
        some(&OPTIONS),
        some(&STAGES),
        any::<bool>(),
    )
        .prop_map(|(head, options, stages, into)| {
            let into = if into { "into `a b`" } else { "" };
            [&[head], &options[..], &stages[..], &[into]]
                .concat()
                .join(" ")
        })
}

proptest! {
    #[test]
    fn any_question_prints_as_text_that_means_the_same(text in questions()) {
        let twice = text.matches("template").count() > 1;
        match parse_statement(&text) {
            Err(error) => prop_assert!(twice, "{text}: {error}"),
            Ok(parsed) => {
                prop_assert!(!twice);
                let printed = parsed.to_string();
                let again = parse_statement(&printed);
                prop_assert_eq!(again.as_ref(), Ok(&parsed), "{}", printed);
            }
        }
    }
}
