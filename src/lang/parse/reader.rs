//! What builds the syntax tree out of pest's pairs: spans, names, numbers and quoted texts.

use pest::iterators::Pair;

use crate::lang::ast::{Slot, Value};
use crate::lang::error::SyntaxError;
use crate::lang::grammar::Rule;
use crate::lang::lex;
use crate::lang::span::{Span, Spanned};

/// What building a part of the tree gives.
pub(super) type Built<T> = Result<T, SyntaxError>;

/// Builds the tree; knows where its text begins in the source.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    pub base: usize,
}

impl Reader {
    pub(super) fn span(self, pair: &Pair<'_, Rule>) -> Span {
        // A rule that ends in an optional part may have swallowed the blanks and comments before the next word.
        let length = lex::length_without_blanks(pair.as_str());
        let start = self.base + pair.as_span().start();
        Span::new(start, start + length)
    }

    /// A name, text or number, or the variable that stands for it.
    pub(super) fn slot(self, pair: &Pair<'_, Rule>) -> Built<Slot> {
        let (text, span) = (pair.as_str(), self.span(pair));
        let value = match text.chars().next() {
            Some('$') => Value::Variable(text[1..].to_owned()),
            Some('`') => Value::Word(text[1..text.len() - 1].to_owned()),
            Some('"' | '\'') => Value::Text(unescape(&text[1..text.len() - 1])),
            _ if pair.as_rule() == Rule::number => Value::Number(number(text, span)?),
            _ => Value::Word(text.to_owned()),
        };
        Ok(Spanned::new(value, span))
    }

    /// The slots of a rule among a pair's own pairs, in order.
    pub(super) fn slots(self, pair: &Pair<'_, Rule>, rule: Rule) -> Built<Vec<Slot>> {
        let inner = pair.clone().into_inner();
        let own = inner.filter(|pair| pair.as_rule() == rule);
        own.map(|pair| self.slot(&pair)).collect()
    }

    /// The one slot of a rule such as `limit 5`: its last pair.
    pub(super) fn only(self, pair: &Pair<'_, Rule>) -> Built<Slot> {
        let last = pair.clone().into_inner().last();
        self.slot(&last.expect("the grammar lets no statement through without its value"))
    }
}

fn number(text: &str, span: Span) -> Built<f64> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => Err(SyntaxError::HugeNumber {
            number: text.to_owned(),
            span,
        }),
    }
}

/// The text between the quotes: `\"`, `\'` and `\\` stand for the sign itself, any other `\` for itself.
fn unescape(quoted: &str) -> String {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars().peekable();
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('\\', Some(&sign @ ('"' | '\'' | '\\'))) => {
                characters.next();
                text.push(sign);
            }
            _ => text.push(c),
        }
    }
    text
}
