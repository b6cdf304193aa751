//! Units, concepts, images and selections.

use std::iter::Peekable;

use pest::iterators::Pair;

use super::super::ast::{Concept, ImageRef, Joint, Part, Place, Selection, Term, UnitKind, Units};
use super::super::error::SyntaxError;
use super::super::grammar::Rule;
use super::super::span::Spanned;
use super::parts::is_unit;
use super::{Built, Reader};

/// The sort of unit a rule stands for and whether it is the singular; `None` if it stands for none.
pub(super) fn unit_kind(rule: Rule) -> Option<(UnitKind, bool)> {
    Some(match rule {
        Rule::head => (UnitKind::Head, true),
        Rule::heads => (UnitKind::Head, false),
        Rule::mlp => (UnitKind::Mlp, true),
        Rule::mlps => (UnitKind::Mlp, false),
        Rule::conv => (UnitKind::Conv, true),
        Rule::convs => (UnitKind::Conv, false),
        Rule::neuron => (UnitKind::Neuron, true),
        Rule::neurons => (UnitKind::Neuron, false),
        Rule::layer => (UnitKind::Layer, true),
        Rule::layers => (UnitKind::Layer, false),
        Rule::tokens => (UnitKind::Token, false),
        Rule::components => (UnitKind::Component, false),
        Rule::init => (UnitKind::Init, false),
        Rule::bias => (UnitKind::Bias, false),
        _ => return None,
    })
}

impl Reader {
    pub(super) fn units(self, pair: Pair<'_, Rule>) -> Built<Spanned<Units>> {
        let span = self.span(&pair);
        let (kind, single) = unit_kind(pair.as_rule()).expect("called for units only");
        let mut places = Vec::new();
        for inner in pair.into_inner() {
            if inner.as_rule() == Rule::place {
                places.push(Spanned::new(place(inner.as_str()), self.span(&inner)));
            }
        }
        let mut places = places.into_iter();
        let (from, to) = (places.next(), places.next());
        if single && from.is_none() {
            let example = if matches!(kind, UnitKind::Head | UnitKind::Neuron) {
                "5.2"
            } else {
                "5"
            };
            return Err(SyntaxError::MissingPlace {
                word: kind.word(true),
                many: kind.word(false),
                example,
                span,
            });
        }
        if single && to.is_some() {
            let (word, many) = (kind.word(true), kind.word(false));
            return Err(SyntaxError::SingularRange { word, many, span });
        }
        let units = Units {
            kind,
            single,
            from,
            to,
        };
        Ok(Spanned::new(units, span))
    }

    pub(super) fn concept(self, pair: Pair<'_, Rule>) -> Built<Spanned<Concept>> {
        let span = self.span(&pair);
        let concept = match pair.as_rule() {
            Rule::feature => Concept::Named(self.slot(&pair)?),
            Rule::quoted => Concept::Named(self.only(pair)?),
            Rule::word_itself => Concept::Itself(self.only(pair)?),
            _ => Concept::Texts(self.parts(pair.into_inner())?.all(Rule::string)),
        };
        Ok(Spanned::new(concept, span))
    }

    pub(super) fn image(self, pair: Pair<'_, Rule>) -> Built<Spanned<ImageRef>> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let mut parts = self.parts(pair.into_inner())?;
        let image = if rule == Rule::image_at {
            ImageRef::InSet {
                set: parts.slot(Rule::image_set),
                row: parts.slot(Rule::number),
            }
        } else {
            ImageRef::File(parts.any())
        };
        Ok(Spanned::new(image, span))
    }

    /// The terms and joints that `pairs` begin with; leaves what follows.
    pub(super) fn selection<'a>(
        self,
        pairs: &mut Peekable<impl Iterator<Item = Pair<'a, Rule>>>,
    ) -> Built<Selection> {
        let mut terms = Vec::new();
        let mut joint = Joint::And;
        while let Some(pair) = pairs.next_if(|pair| is_selecting(pair.as_rule())) {
            match pair.as_rule() {
                Rule::kw_and => joint = Joint::And,
                Rule::kw_except => joint = Joint::Except,
                _ => terms.push((joint, self.term(pair)?)),
            }
        }
        let first = terms.remove(0).1;
        Ok(Selection { first, rest: terms })
    }

    fn term(self, pair: Pair<'_, Rule>) -> Built<Spanned<Term>> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let term = match rule {
            Rule::result => Term::Result(self.slot(&pair)?),
            Rule::top | Rule::bottom => {
                let mut parts = self.parts(pair.into_inner())?;
                let mut concepts = std::mem::take(&mut parts.concepts).into_iter();
                Term::Extreme {
                    top: rule == Rule::top,
                    count: parts.slot(Rule::number),
                    units: parts.units.remove(0),
                    concept: concepts
                        .next()
                        .expect("the grammar asks for a concept after `for`"),
                    over: concepts.next(),
                }
            }
            Rule::random => {
                let mut parts = self.parts(pair.into_inner())?;
                Term::Random {
                    count: parts.slot(Rule::number),
                    units: parts.units.remove(0),
                    seed: parts.options.seed.take(),
                }
            }
            _ => Term::Units(self.units(pair)?.value),
        };
        Ok(Spanned::new(term, span))
    }
}

fn is_selecting(rule: Rule) -> bool {
    let joint = matches!(rule, Rule::kw_and | Rule::kw_except);
    let term = matches!(rule, Rule::top | Rule::bottom | Rule::random | Rule::result);
    joint || term || is_unit(rule)
}

/// `5`, `5.2` or `5.*`. Numbers beyond 32 bits become the largest, which no model reaches either.
fn place(text: &str) -> Place {
    let number = |digits: &str| digits.parse().unwrap_or(u32::MAX);
    match text.split_once('.') {
        None => Place {
            layer: number(text),
            part: Part::Unsaid,
        },
        Some((layer, "*")) => Place {
            layer: number(layer),
            part: Part::All,
        },
        Some((layer, part)) => Place {
            layer: number(layer),
            part: Part::One(number(part)),
        },
    }
}
