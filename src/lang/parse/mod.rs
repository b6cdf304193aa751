//! From text to syntax tree. pest does the parsing; this builds the tree out of its pairs. Only this module, its
//! children, [`super::grammar`] and [`super::expect`] know the grammar's rules by name.

mod clauses;
mod failure;
mod reader;
mod stages;
mod terms;
#[cfg(test)]
mod tests;

use pest::iterators::Pair;

use self::reader::{Built, Reader};
use super::ast::{Body, Clause, Part, Statement};
use super::error::SyntaxError;
use super::expect;
use super::grammar::Rule;
use super::span::{Span, Spanned};

/// Parses one statement without its `;`. `base` is where `text` begins in the whole source; spans count from there.
///
/// # Errors
/// The first thing that is wrong, with its span.
pub fn statement(text: &str, base: usize) -> Result<Spanned<Statement>, SyntaxError> {
    failure::check_nesting(text, base)?;
    let pairs = expect::run(text).map_err(|failure| failure::explain(failure, text, base))?;
    let reader = Reader { base };
    let mut parts = Vec::new();
    for pair in pairs {
        if pair.as_rule() == Rule::explain {
            let span = reader.span(&pair);
            let inner = reader.statement(pair.into_inner().skip(1))?;
            let body = Body::Explains(Box::new(inner));
            return Ok(Spanned::new(bare(body), span));
        }
        parts.push(pair);
    }
    reader.statement(parts.into_iter())
}

/// A statement with nothing after its body.
fn bare(body: Body) -> Statement {
    Statement {
        body,
        stages: Vec::new(),
        into: None,
    }
}

impl Reader {
    /// A statement from its body, stages and `into`.
    fn statement<'a>(
        self,
        pairs: impl Iterator<Item = Pair<'a, Rule>>,
    ) -> Built<Spanned<Statement>> {
        let (mut body, mut stages, mut into) = (None, Vec::new(), None);
        let mut whole: Option<Span> = None;
        for pair in pairs {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::EOI | Rule::pipe => continue,
                Rule::into => into = Some(self.only(&pair)?),
                Rule::filter
                | Rule::sort
                | Rule::select
                | Rule::take
                | Rule::group
                | Rule::save => stages.push(self.stage(pair)?),
                _ => body = Some(self.body(pair)?),
            }
            whole = Some(whole.map_or(span, |whole| whole.to(span)));
        }
        let body = Body::Does(body.expect("the grammar lets no statement through without a body"));
        let statement = Statement { body, stages, into };
        Ok(Spanned::new(statement, whole.unwrap_or_default()))
    }

    /// What a statement does. One that is a single word is a rule of its own.
    fn body(self, pair: Pair<'_, Rule>) -> Built<Clause> {
        match pair.as_rule() {
            Rule::kw_quit | Rule::kw_exit => Ok(Clause {
                name: "quit",
                parts: vec![Part::Word("quit")],
            }),
            _ => self.clause(pair),
        }
    }
}
