//! Completion offers what the statement goes on with, at every place of every example.

use vitscope::lang::catalog::{Catalog, Settings};
use vitscope::lang::complete::complete;
use vitscope::lang::lex::{TokenKind, tokens};

use super::{EXAMPLES, catalog, settings};

fn offered(text: &str) -> Vec<String> {
    let completion = complete(text, text.len(), &catalog(), &settings());
    completion.candidates.into_iter().map(|c| c.text).collect()
}

#[test]
fn every_next_word_of_every_example_is_offered() {
    let (catalog, settings) = (catalog(), settings());
    for example in EXAMPLES {
        for token in tokens(example)
            .into_iter()
            .filter(|token| !token.is_blank())
        {
            let next = &example[token.span.range()];
            // Right after a word, the word itself is what is completed.
            let left = format!("{} ", example[..token.span.start].trim_end());
            let left = left.trim_start();
            let completion = complete(left, left.len(), &catalog, &settings);
            let hinted = |hint: &str| completion.hints.iter().any(|h| h.contains(hint));
            let found = match token.kind {
                TokenKind::Text { .. } => hinted("quoted text"),
                TokenKind::Number => hinted("number") || hinted("place"),
                TokenKind::Variable => hinted("number"),
                TokenKind::Sign if ">=".contains(next) => {
                    hinted("comparison") || completion.candidates.iter().any(|c| c.text == next)
                }
                _ => hinted("a name") || completion.candidates.iter().any(|c| c.text == next),
            };
            assert!(
                found,
                "after {left:?} comes {next:?}; offered {completion:?}"
            );
        }
    }
}

#[test]
fn a_begun_word_is_completed_in_place() {
    let text = "rank heads for tex in dinov2";
    let completion = complete(text, 18, &catalog(), &settings());
    assert_eq!(completion.start, 15);
    let texts: Vec<_> = completion
        .candidates
        .iter()
        .map(|c| c.text.as_str())
        .collect();
    assert_eq!(texts, ["texture", "text"]);
    assert_eq!(offered("RANK HEADS FOR texture IN Di"), ["dinov2"]);
    assert_eq!(offered("align dinov2 to "), ["clip"]);
    assert_eq!(offered("set format m"), ["markdown"]);
    assert_eq!(offered("set images s"), ["scenes", "sixel"]);
    assert_eq!(offered("show models; drop "), ["decomposition"]);
    assert_eq!(offered("rank heads for texture in dinov2 limit $"), ["$n"]);
    assert_eq!(offered("help whe"), ["where"]);
    assert_eq!(offered("classify birds by la"), ["label"]);
}

#[test]
fn a_new_line_may_go_on_or_begin_anew() {
    let after = offered("show models\n");
    assert!(after.contains(&"rank".to_owned()) && after.contains(&"|".to_owned()));
    assert!(!offered("show models ").contains(&"rank".to_owned()));
    assert!(!offered("show models\n\n").contains(&"|".to_owned()));
}

#[test]
fn nothing_is_offered_in_comments_and_texts_or_after_a_mistake() {
    assert!(offered("show models # and ").is_empty());
    assert!(offered("rank heds for ").is_empty());
    let text = "run \"scr";
    let completion = complete(text, text.len(), &catalog(), &settings());
    assert!(completion.candidates.is_empty());
    assert_eq!(completion.text_from, Some(5));
}

#[test]
fn odd_names_are_offered_as_they_must_be_written() {
    let mut odd = Catalog {
        models: catalog().models[..1].to_vec(),
        ..Catalog::default()
    };
    odd.models[0].name = "my model".to_owned();
    for text in ["check ", "check my", "check `my"] {
        let completion = complete(text, text.len(), &odd, &Settings::default());
        assert_eq!(completion.candidates[0].text, "`my model`", "{text}");
    }
}
