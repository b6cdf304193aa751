//! From text to syntax tree. pest does the parsing; this builds the tree out of its pairs. Only this module, its
//! children and [`super::expect`] know the grammar's rules by name.

mod failure;
mod parts;
mod stages;
mod terms;
#[cfg(test)]
mod tests;

use pest::iterators::Pair;

use self::parts::Parts;
use super::ast::{
    Asked, Body, DecomposeOptions, Listing, Measure, Question, Slot, Statement, Sweep, Value,
};
use super::error::SyntaxError;
use super::expect;
use super::grammar::Rule;
use super::lex;
use super::span::{Span, Spanned};

/// What building a part of the tree gives.
type Built<T> = Result<T, SyntaxError>;

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
            let body = Body::Explain(Box::new(inner));
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

/// Builds the tree; knows where its text begins in the source.
#[derive(Clone, Copy)]
struct Reader {
    base: usize,
}

impl Reader {
    fn span(self, pair: &Pair<'_, Rule>) -> Span {
        // A rule that ends in an optional part may have swallowed the blanks and comments before the next word.
        let length = lex::length_without_blanks(pair.as_str());
        let start = self.base + pair.as_span().start();
        Span::new(start, start + length)
    }

    /// A name, text or number, or the variable that stands for it.
    fn slot(self, pair: &Pair<'_, Rule>) -> Built<Slot> {
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

    /// A statement from its body, stages and `into`.
    fn statement<'a>(
        self,
        pairs: impl Iterator<Item = Pair<'a, Rule>>,
    ) -> Built<Spanned<Statement>> {
        let mut found = Spanned::new(bare(Body::Quit), Span::default());
        for pair in pairs {
            let span = self.span(&pair);
            match pair.as_rule() {
                Rule::EOI | Rule::pipe => continue,
                Rule::into => {
                    found.value.into = Some(self.parts(pair.into_inner())?.slot(Rule::new_name));
                }
                Rule::filter
                | Rule::sort
                | Rule::select
                | Rule::take
                | Rule::group
                | Rule::save => {
                    let stage = self.stage(pair)?;
                    found.value.stages.push(stage);
                }
                _ => {
                    found.value.body = self.body(pair)?;
                    found.span = span;
                }
            }
            found.span = found.span.to(span);
        }
        Ok(found)
    }

    fn body(self, pair: Pair<'_, Rule>) -> Built<Body> {
        let rule = pair.as_rule();
        if matches!(rule, Rule::kw_quit | Rule::kw_exit) {
            return Ok(Body::Quit);
        }
        if let Some(asked) = asked(&pair) {
            return Ok(Body::Ask(Box::new(self.question(asked, pair)?)));
        }
        let mut parts = self.parts(pair.into_inner())?;
        Ok(match rule {
            Rule::add_model => Body::AddModel {
                name: parts.slot(Rule::new_name),
                path: parts.slot(Rule::string),
            },
            Rule::add_images => Body::AddImages {
                name: parts.slot(Rule::new_name),
                path: parts.slot(Rule::string),
                labels: parts.maybe(Rule::string),
            },
            Rule::decompose => Body::Decompose {
                set: parts.slot(Rule::image_set),
                models: parts.all(Rule::model),
                options: decompose_options(&mut parts),
            },
            Rule::align => Body::Align {
                model: parts.slot(Rule::model),
                clip: parts.slot(Rule::clip),
                lambda: parts.lambda.take(),
                on: parts.options.on.take(),
                seed: parts.options.seed.take(),
            },
            Rule::sweep => Body::Sweep(Sweep {
                from: parts.slot(Rule::number),
                to: parts.slot(Rule::number),
                model: parts.maybe(Rule::model),
                clip: parts.maybe(Rule::clip),
                on: parts.options.on.take(),
                seed: parts.options.seed.take(),
            }),
            Rule::define => {
                let name = parts.maybe(Rule::new_feature);
                Body::Define(name.map(|name| (name, parts.all(Rule::string))))
            }
            Rule::show => Body::Show(listing(&mut parts)),
            Rule::describe => match parts.maybe(Rule::thing) {
                Some(thing) => Body::Describe(thing),
                None => Body::DescribeUnit {
                    unit: parts.units.remove(0),
                    model: parts.slot(Rule::model),
                },
            },
            Rule::check => Body::Check {
                model: parts.slot(Rule::model),
                on: parts.options.on.take(),
            },
            Rule::drop => Body::Drop {
                model: parts.slot(Rule::model),
                set: parts.slot(Rule::image_set),
            },
            Rule::set_value => Body::Set {
                key: parts.slot(Rule::setting),
                value: parts.any(),
            },
            Rule::let_value => Body::Let {
                name: parts.slot(Rule::new_name),
                value: parts.any(),
            },
            Rule::run => Body::Run(parts.slot(Rule::string)),
            Rule::help => Body::Help(parts.maybe(Rule::topic)),
            Rule::sql => Body::Sql(parts.slot(Rule::string)),
            Rule::from => Body::From(parts.slot(Rule::result)),
            other => unreachable!("the grammar has no statement {other:?}"),
        })
    }

    fn question(self, asked: Asked, pair: Pair<'_, Rule>) -> Built<Question> {
        let mut pairs = pair.into_inner().peekable();
        let ablated = if asked == Asked::Ablate {
            pairs.next();
            Some(self.selection(&mut pairs)?)
        } else {
            None
        };
        let mut parts = self.parts(pairs)?;
        let measure = match parts.measured.take() {
            Some(Rule::kw_accuracy) => Some(Measure::Accuracy),
            Some(Rule::kw_similarity) => Some(Measure::Similarity),
            Some(_) => parts.maybe(Rule::column).map(Measure::Column),
            None => None,
        };
        Ok(Question {
            asked,
            ablated,
            measure,
            count: parts.maybe(Rule::number),
            set: parts.maybe(Rule::image_set),
            column: parts.maybe(Rule::column),
            models: parts.all(Rule::model),
            cumulatively: parts.has(Rule::kw_cumulatively),
            aligned: parts.has(Rule::kw_aligned),
            units: parts.units,
            concepts: parts.concepts,
            image: parts.image,
            options: parts.options,
        })
    }
}

/// Which question a pair is, if any.
fn asked(pair: &Pair<'_, Rule>) -> Option<Asked> {
    Some(match pair.as_rule() {
        Rule::rank => Asked::Rank,
        Rule::compare => Asked::Compare,
        Rule::features => Asked::Features,
        Rule::spans => Asked::Spans,
        Rule::retrieve => Asked::Retrieve,
        Rule::heatmap => Asked::Heatmap,
        Rule::segment => Asked::Segment,
        Rule::classify => Asked::Classify,
        Rule::ablate => Asked::Ablate,
        Rule::contributions => Asked::Contributions,
        Rule::representation => Asked::Representation,
        Rule::evaluate => match pair.clone().into_inner().nth(1)?.as_rule() {
            Rule::kw_ranking => Asked::EvaluateRanking,
            Rule::kw_retrieval => Asked::EvaluateRetrieval,
            Rule::kw_heatmaps => Asked::EvaluateHeatmaps,
            _ => Asked::EvaluateAblation,
        },
        _ => return None,
    })
}

fn decompose_options(parts: &mut Parts) -> DecomposeOptions {
    DecomposeOptions {
        precision: parts.precision,
        forward: parts.forward,
        batch: parts.batch.take(),
        last_layers: parts.last_layers.take(),
        tokens: parts.has(Rule::kw_tokens),
    }
}

fn listing(parts: &mut Parts) -> Listing {
    let listed = [
        (Rule::kw_models, Listing::Models),
        (Rule::kw_images, Listing::Images),
        (Rule::kw_features, Listing::Features),
        (Rule::kw_results, Listing::Results),
        (Rule::kw_settings, Listing::Settings),
    ];
    for (keyword, listing) in listed {
        if parts.has(keyword) {
            return listing;
        }
    }
    Listing::Units(parts.slot(Rule::model))
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
