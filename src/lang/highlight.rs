//! Colours for text as it is typed: by token, never by parsing, so half-typed statements work too. Names that the catalog
//! doesn't know stand out before Enter is pressed.

use std::collections::HashSet;

use super::catalog::Catalog;
use super::expect;
use super::lex::{self, TokenKind};
use super::query::{Reducer, Score, UNIT_COLUMNS};
use super::resolve;
use super::span::Span;

/// What a piece of text is, for whoever chooses the colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// White space.
    Blank,
    /// A comment.
    Comment,
    /// A word of the language.
    Keyword,
    /// A name that is known, or that is being given.
    Name,
    /// The word at the end of the text, which may still become a known one.
    Partial,
    /// A word that names nothing.
    Unknown,
    /// A quoted text.
    Text,
    /// A number or place.
    Number,
    /// `$name`.
    Variable,
    /// Punctuation.
    Sign,
    /// A character the language has no use for.
    Error,
}

/// The pieces of a text and what each is; they cover every byte in order.
#[must_use]
pub fn highlight(text: &str, catalog: &Catalog) -> Vec<(Span, Paint)> {
    let known = known_words(catalog);
    let mut before: Vec<String> = Vec::new();
    let mut pieces = Vec::new();
    for token in lex::tokens(text) {
        let written = &text[token.span.range()];
        let at_end = token.span.end == text.len();
        let paint = match token.kind {
            TokenKind::Space => Paint::Blank,
            TokenKind::Comment => Paint::Comment,
            TokenKind::Text { .. } => Paint::Text,
            TokenKind::Number => Paint::Number,
            TokenKind::Variable => Paint::Variable,
            TokenKind::Sign => Paint::Sign,
            TokenKind::Unknown => Paint::Error,
            TokenKind::QuotedName { .. } => {
                name(written.trim_matches('`'), at_end, &before, &known)
            }
            TokenKind::Word if is_keyword(written) => Paint::Keyword,
            TokenKind::Word => name(written, at_end, &before, &known),
        };
        pieces.push((token.span, paint));
        if !token.is_blank() {
            before.push(written.to_lowercase());
        }
    }
    pieces
}

fn is_keyword(word: &str) -> bool {
    expect::keywords()
        .binary_search(&word.to_lowercase())
        .is_ok()
}

fn name(word: &str, at_end: bool, before: &[String], known: &HashSet<String>) -> Paint {
    let word = word.to_lowercase();
    if known.contains(&word) || names_something_new(before) {
        return Paint::Name;
    }
    let mut all = known.iter().chain(expect::keywords());
    if at_end && all.any(|other| other.starts_with(&word)) {
        return Paint::Partial;
    }
    Paint::Unknown
}

/// Whether the word after these is a name being given.
fn names_something_new(before: &[String]) -> bool {
    match before {
        [.., add, what] if add == "add" => what == "model" || what == "images",
        [.., word] => ["define", "into", "let"].contains(&word.as_str()),
        [] => false,
    }
}

/// Every word that is a name of something, in lower case.
fn known_words(catalog: &Catalog) -> HashSet<String> {
    let models = catalog.models.iter().map(|model| &*model.name);
    let sets = catalog.sets.iter().map(|set| &*set.name);
    let of_sets = catalog.sets.iter().flat_map(|set| &set.columns);
    let features = catalog.features.iter().map(|feature| &*feature.name);
    let results = catalog.results.iter().map(|result| &*result.name);
    let of_results = catalog.results.iter().flat_map(|result| &result.columns);
    let columns = of_sets.chain(of_results);
    let values = columns.clone().flat_map(|column| &column.values);
    let choices = resolve::KEYS.iter().flat_map(|key| resolve::choices(key));
    models
        .chain(sets)
        .chain(features)
        .chain(results)
        .chain(columns.map(|column| &*column.name))
        .chain(values.map(String::as_str))
        .chain(UNIT_COLUMNS.iter().map(|(name, _)| *name))
        .chain(Score::ALL.iter().map(|(word, _)| *word))
        .chain(Reducer::ALL.iter().map(|(word, _)| *word))
        .chain(resolve::KEYS)
        .chain(choices.copied())
        .chain(catalog.topics.iter().map(|topic| topic.name))
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::catalog::ModelInfo;
    use super::*;

    fn paints(text: &str) -> Vec<(&str, Paint)> {
        let catalog = Catalog {
            models: vec![ModelInfo {
                name: "dinov2".to_owned(),
                ..ModelInfo::default()
            }],
            ..Catalog::default()
        };
        let pieces = highlight(text, &catalog).into_iter();
        pieces
            .filter(|(_, paint)| *paint != Paint::Blank)
            .map(|(span, paint)| (&text[span.range()], paint))
            .collect()
    }

    #[test]
    fn words_are_painted_by_what_they_name() {
        use Paint::{Comment, Keyword, Name, Number, Partial, Sign, Text, Unknown, Variable};
        assert_eq!(
            paints("Rank heads for textur in dinov2 limit $n, 5 \"x # end"),
            [
                ("Rank", Keyword),
                ("heads", Keyword),
                ("for", Keyword),
                ("textur", Unknown),
                ("in", Keyword),
                ("dinov2", Name),
                ("limit", Keyword),
                ("$n", Variable),
                (",", Sign),
                ("5", Number),
                ("\"x # end", Text),
            ]
        );
        assert_eq!(
            paints("add model new # so"),
            [
                ("add", Keyword),
                ("model", Keyword),
                ("new", Name),
                ("# so", Comment)
            ]
        );
        assert_eq!(paints("show dino"), [("show", Keyword), ("dino", Partial)]);
        assert_eq!(paints("show dino ")[1], ("dino", Unknown));
    }
}
