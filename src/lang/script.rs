//! Where one statement ends and the next begins, and whether the last one is finished.

use super::ast::Statement;
use super::error::SyntaxError;
use super::expect::{self, Expected, Failure};
use super::lex::{self, Token, TokenKind};
use super::parse;
use super::span::{Span, Spanned};

/// Whether Enter should run what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It should: what is there is a whole statement, or wrong in a way that more text won't cure.
    Complete,
    /// More must follow: a quote or bracket is open, or the grammar wants further words.
    Incomplete,
}

/// Parses every statement of a script; each is right or wrong by itself.
#[must_use]
pub fn parse_script(text: &str) -> Vec<Result<Spanned<Statement>, SyntaxError>> {
    split(text)
        .into_iter()
        .map(|span| parse::statement(&text[span.range()], span.start))
        .collect()
}

/// Parses a text that must be one statement (a `;` at its end is fine).
///
/// # Errors
/// The first thing that is wrong, also if there is no statement at all or more than one.
pub fn parse_statement(text: &str) -> Result<Spanned<Statement>, SyntaxError> {
    match split(text).as_slice() {
        [] => parse::statement(text, 0),
        [one] => parse::statement(&text[one.range()], one.start),
        [first, second, ..] => {
            parse::statement(&text[first.range()], first.start)?;
            let words = lex::tokens(&text[second.range()]);
            let first_word = words.first().map_or(*second, |token| token.span);
            let span = first_word.shifted(second.start);
            Err(SyntaxError::Unexpected {
                found: format!("`{}`", &text[span.range()]),
                expected: vec![Expected::End],
                nearest: None,
                span,
            })
        }
    }
}

/// The spans of the statements of a script. A statement ends at a `;`, at a blank line, or where a line begins with the
/// first word of a statement, unless that very word is what the unfinished statement waits for (`add model m` ⏎ `from …`).
#[must_use]
pub fn split(text: &str) -> Vec<Span> {
    let tokens = lex::tokens(text);
    let mut found = Vec::new();
    let mut current: Option<Span> = None;
    let mut line_start = true;
    for token in &tokens {
        let written = &text[token.span.range()];
        let semicolon = token.kind == TokenKind::Sign && written == ";";
        let blank_line = token.kind == TokenKind::Space && written.matches('\n').count() > 1;
        let new_statement = line_start
            && token.kind == TokenKind::Word
            && current.is_some_and(|open| begins_statement(written, &text[open.range()]));
        if semicolon || blank_line || new_statement {
            found.extend(current.take());
        }
        if token.kind == TokenKind::Space {
            line_start |= written.contains('\n');
        } else if !semicolon && token.kind != TokenKind::Comment {
            current = Some(current.map_or(token.span, |open| open.to(token.span)));
            line_start = false;
        }
    }
    found.extend(current);
    found
}

/// Whether `word`, first on its line, begins a new statement after the text `open`.
fn begins_statement(word: &str, open: &str) -> bool {
    let word = word.to_lowercase();
    expect::statement_keywords().contains(&word)
        && !expect::after(&format!("{open} ")).contains(&Expected::Keyword(word))
}

/// Whether `text` is finished, for the Enter key. An empty line at its end always says so.
#[must_use]
pub fn is_complete(text: &str) -> Completeness {
    let tokens = lex::tokens(text);
    if tokens.iter().any(Token::is_open) {
        return Completeness::Incomplete;
    }
    if ends_with_blank_line(text) {
        return Completeness::Complete;
    }
    let Some(last) = split(text).pop() else {
        return Completeness::Complete;
    };
    let ended = tokens
        .iter()
        .any(|token| token.span.start >= last.end && &text[token.span.range()] == ";");
    let last = &text[last.range()];
    match expect::run(last) {
        Err(Failure::At(at, _)) if at >= last.len() && !ended => Completeness::Incomplete,
        _ => Completeness::Complete,
    }
}

fn ends_with_blank_line(text: &str) -> bool {
    let mut lines = text.rsplit('\n');
    let last_is_blank = lines.next().is_some_and(|line| line.trim().is_empty());
    let more = lines.next().is_some();
    last_is_blank && more && text.trim_end_matches([' ', '\t', '\r']).ends_with('\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use Completeness::{Complete, Incomplete};

    fn pieces(text: &str) -> Vec<&str> {
        let spans = split(text).into_iter();
        spans.map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn statements_end_at_semicolons_blank_lines_and_statement_words() {
        assert_eq!(
            pieces("show models; show images;"),
            ["show models", "show images"]
        );
        assert_eq!(
            pieces("show models\n\nshow images # end\n"),
            ["show models", "show images"]
        );
        assert_eq!(
            pieces("# first\nrank heads for texture in dinov2 -- why\n  limit 3\nshow models\n"),
            [
                "rank heads for texture in dinov2 -- why\n  limit 3",
                "show models"
            ]
        );
        assert_eq!(pieces("  \n # nothing\n;;"), Vec::<&str>::new());
        assert_eq!(pieces("sql \"a;\n\nb\""), ["sql \"a;\n\nb\""]);
    }

    #[test]
    fn a_word_the_statement_waits_for_goes_on_with_it() {
        assert_eq!(pieces("add model m\nfrom \"x\"").len(), 1);
        assert_eq!(pieces("explain\nshow models").len(), 1);
        assert_eq!(pieces("show models\nfrom best").len(), 2);
        assert_eq!(pieces("show modles\nshow images").len(), 2);
    }

    #[test]
    fn enter_runs_what_is_finished() {
        for text in [
            "show models",
            "rank x",
            "show models;",
            "",
            "# note",
            "add model;",
            "rank\n",
        ] {
            assert_eq!(is_complete(text), Complete, "{text:?}");
        }
        for text in [
            "rank heads",
            "sql \"a",
            "define x as \"a\",",
            "rank heads for (\"a\"",
            "show models |",
        ] {
            assert_eq!(is_complete(text), Incomplete, "{text:?}");
        }
    }
}
