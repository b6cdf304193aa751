//! From the parser's failure to an error that says what was expected, what was found and what was probably meant.

use super::super::error::{Problem, SyntaxError};
use super::super::expect::{self, Expected, Failure};
use super::super::lex::{self, Token, TokenKind};
use super::super::span::Span;
use super::super::suggest::nearest;

/// Parentheses may nest this deep; deeper ones would use up the parser's stack.
const MAX_NESTING: usize = 64;

/// Refuses statements whose parentheses nest too deep.
pub(super) fn check_nesting(text: &str, base: usize) -> Result<(), SyntaxError> {
    let mut depth = 0_usize;
    for token in lex::tokens(text) {
        match &text[token.span.range()] {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            let span = token.span.shifted(base);
            return Err(SyntaxError::TooDeep {
                limit: MAX_NESTING,
                span,
            });
        }
    }
    Ok(())
}

/// The error for a failure to parse `text`, which begins at `base`.
pub(super) fn explain(failure: Failure, text: &str, base: usize) -> SyntaxError {
    let tokens = lex::tokens(text);
    if let Some(open) = tokens.iter().find(|token| token.is_open()) {
        let start = base + open.span.start;
        let quote = text[open.span.start..].chars().next().unwrap_or('"');
        let span = Span::new(start, start + quote.len_utf8());
        return SyntaxError::OpenQuote { quote, span };
    }
    let Failure::At(at, expected) = failure else {
        let span = Span::new(base, base + text.trim_end().len());
        return SyntaxError::TooLong { span };
    };
    let found = tokens
        .iter()
        .find(|token| token.span.end > at && !token.is_blank());
    match found {
        Some(token) => unexpected(token, text, base, expected)
            .or_else(|error| slip_before(&tokens, token, text, base).ok_or(error))
            .unwrap_or_else(|error| error),
        None => {
            let end = base + lex::length_without_blanks(text);
            SyntaxError::Unfinished {
                expected,
                span: Span::new(end, end),
            }
        }
    }
}

/// The error about a token; as an `Err` if nothing says what was meant by it.
fn unexpected(
    token: &Token,
    text: &str,
    base: usize,
    expected: Vec<Expected>,
) -> Result<SyntaxError, SyntaxError> {
    let written = &text[token.span.range()];
    let keywords: Vec<&str> = expected.iter().filter_map(keyword).collect();
    // Where only one keyword fits, a short wrong word was meant to be that, unless it is a keyword itself.
    let a_keyword = expect::keywords().contains(&written.to_lowercase());
    let meant = match (token.kind, keywords.as_slice()) {
        (TokenKind::Word, [only]) if !a_keyword && written.len() <= 4 => Some(*only),
        (TokenKind::Word, _) => nearest(written, keywords.iter().copied()),
        _ => None,
    };
    let error = SyntaxError::Unexpected {
        found: format!("`{written}`"),
        nearest: meant.map(str::to_owned),
        span: token.span.shifted(base),
        expected,
    };
    if error.nearest().is_some() {
        Ok(error)
    } else {
        Err(error)
    }
}

/// A misspelt keyword passes for a name where a name fits too, and the parser stumbles only over what follows
/// (`describe hed 5.2`). So if putting the nearest keyword there lets the parser get past `token`, that word is to blame.
fn slip_before(tokens: &[Token], token: &Token, text: &str, base: usize) -> Option<SyntaxError> {
    let earlier = tokens.iter().filter(|t| t.span.end <= token.span.start);
    let slip = earlier.rev().find(|t| !t.is_blank())?;
    let written = &text[slip.span.range()];
    if slip.kind != TokenKind::Word || expect::keywords().contains(&written.to_lowercase()) {
        return None;
    }
    let left = &text[..slip.span.start];
    let expected = expect::after(left);
    let keywords = expected.iter().filter_map(keyword);
    let gets_further = |word: &&str| {
        let mended = format!("{left}{word}{}", &text[slip.span.end..]);
        let stumbled = token.span.end - written.len() + word.len();
        match expect::run(&mended) {
            Ok(_) => true,
            Err(Failure::At(at, _)) => at >= stumbled,
            Err(Failure::TooMuch) => false,
        }
    };
    let meant = nearest(written, keywords.filter(gets_further))?.to_owned();
    Some(SyntaxError::Unexpected {
        found: format!("`{written}`"),
        nearest: Some(meant),
        span: slip.span.shifted(base),
        expected,
    })
}

fn keyword(expected: &Expected) -> Option<&str> {
    match expected {
        Expected::Keyword(word) => Some(word),
        _ => None,
    }
}
