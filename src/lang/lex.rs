//! A tolerant scan of a text into tokens that cover every byte. It never fails, so that highlighting, the splitting of
//! scripts and the question "is this statement finished?" work on half-typed text too. What a word or a string is, it
//! says exactly as grammar/query.pest does.

use super::span::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// White space.
    Space,
    /// `#` or `--` to the end of the line.
    Comment,
    /// A keyword or a bare name.
    Word,
    /// A name in backticks.
    QuotedName {
        /// Whether the closing backtick is there.
        closed: bool,
    },
    /// `$name`.
    Variable,
    /// A string in double or single quotes.
    Text {
        /// Whether the closing quote is there.
        closed: bool,
    },
    /// A number or a place (`5`, `5.2`, `5.*`).
    Number,
    /// Punctuation and comparison signs, one token per sign (`<=` is one).
    Sign,
    /// Anything the language has no use for.
    Unknown,
}

/// A token and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub span: Span,
}

impl Token {
    /// Whether the grammar skips it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// Whether it is a string or quoted name whose closing quote is missing.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Text { closed: false } | TokenKind::QuotedName { closed: false }
        )
    }
}

/// The tokens of a text; their spans follow one another from its first byte to its last.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (kind, length) = next(rest);
        found.push(Token {
            kind,
            span: Span::new(at, at + length),
        });
        at += length;
    }
    found
}

/// How long a text is without the blanks and comments at its end.
#[must_use]
pub fn length_without_blanks(text: &str) -> usize {
    let found = tokens(text);
    let last = found.iter().rev().find(|token| !token.is_blank());
    last.map_or(0, |token| token.span.end)
}

/// Kind and length of the token that `rest` (not empty) begins with.
fn next(rest: &str) -> (TokenKind, usize) {
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        ' ' | '\t' | '\r' | '\n' => (
            TokenKind::Space,
            run(rest, |c| matches!(c, ' ' | '\t' | '\r' | '\n')),
        ),
        '#' => (TokenKind::Comment, run(rest, |c| c != '\n')),
        '-' if rest.starts_with("--") => (TokenKind::Comment, run(rest, |c| c != '\n')),
        '"' | '\'' => {
            let (length, closed) = quoted(rest, first, true);
            (TokenKind::Text { closed }, length)
        }
        '`' => {
            let (length, closed) = quoted(rest, first, false);
            (TokenKind::QuotedName { closed }, length)
        }
        '$' if word_length(&rest[1..]) > 0 => (TokenKind::Variable, 1 + word_length(&rest[1..])),
        _ if word_length(rest) > 0 => (TokenKind::Word, word_length(rest)),
        _ if number_length(rest) > 0 => (TokenKind::Number, number_length(rest)),
        ',' | '|' | ':' | ';' | '(' | ')' | '[' | ']' | '=' | '<' | '>' | '!' => {
            (TokenKind::Sign, sign_length(rest))
        }
        _ => (TokenKind::Unknown, first.len_utf8()),
    }
}

/// How many bytes `wanted` characters go on for.
fn run(rest: &str, wanted: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !wanted(c)).unwrap_or(rest.len())
}

/// Length of a quoted token and whether it is closed.
fn quoted(rest: &str, quote: char, escapes: bool) -> (usize, bool) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if escapes && c == '\\' {
            escaped = true;
        } else if c == quote {
            return (at + 1, true);
        }
    }
    (rest.len(), false)
}

/// Length of the bare word that `rest` begins with; 0 if it begins with none.
#[must_use]
pub fn word_length(rest: &str) -> usize {
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return 0;
    }
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|&(_, next)| next);
        let joins = c == '-' && next.is_some_and(char::is_alphanumeric);
        if !(c.is_alphanumeric() || c == '_' || joins) {
            return at;
        }
    }
    rest.len()
}

fn number_length(rest: &str) -> usize {
    let digits = |text: &str| run(text, |c| c.is_ascii_digit());
    let sign = usize::from(rest.starts_with('-'));
    let whole = digits(&rest[sign..]);
    if whole == 0 {
        return 0;
    }
    let mut length = sign + whole;
    if let Some(after) = rest[length..].strip_prefix('.') {
        length += match digits(after) {
            0 if after.starts_with('*') => 2,
            0 => 0,
            fraction => 1 + fraction,
        };
    }
    if rest[length..].starts_with(['e', 'E']) {
        let power = &rest[length + 1..];
        let sign = usize::from(power.starts_with(['+', '-']));
        if digits(&power[sign..]) > 0 {
            length += 1 + sign + digits(&power[sign..]);
        }
    }
    length
}

fn sign_length(rest: &str) -> usize {
    let two = ["<=", ">=", "!=", "<>", "=="];
    if two.iter().any(|sign| rest.starts_with(sign)) {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
        let solid = tokens(text).into_iter().filter(|t| !t.is_blank());
        solid.map(|t| (t.kind, &text[t.span.range()])).collect()
    }

    #[test]
    fn words_numbers_strings_and_signs_are_told_apart() {
        use TokenKind::{Number, Sign, Text, Unknown, Variable, Word};
        assert_eq!(
            kinds("heads 5.* \"a\\\"b\" dinov2-base>= -1e3 $n ; # end"),
            [
                (Word, "heads"),
                (Number, "5.*"),
                (Text { closed: true }, "\"a\\\"b\""),
                (Word, "dinov2-base"),
                (Sign, ">="),
                (Number, "-1e3"),
                (Variable, "$n"),
                (Sign, ";"),
            ]
        );
        assert_eq!(kinds("'open"), [(Text { closed: false }, "'open")]);
        assert_eq!(kinds("a--b"), [(Word, "a")]);
        assert_eq!(kinds("€"), [(Unknown, "€")]);
    }

    proptest! {
        #[test]
        fn tokens_cover_every_byte_in_order(text in any::<String>()) {
            let mut at = 0;
            for token in tokens(&text) {
                prop_assert_eq!(token.span.start, at);
                prop_assert!(token.span.end > at);
                at = token.span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
