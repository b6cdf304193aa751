//! Units, concepts, images and selections.

use pest::iterators::Pair;

use super::reader::{Built, Reader};
use crate::lang::ast::{Concept, ImageRef, Place, PlacePart, Term, UnitKind, Units};
use crate::lang::error::SyntaxError;
use crate::lang::expect::Role;
use crate::lang::grammar::Rule;
use crate::lang::span::Spanned;

/// The sort of unit a rule stands for and whether it is the singular; `None` if it stands for none.
fn unit_kind(rule: Rule) -> Option<(UnitKind, bool)> {
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
            Rule::quoted => Concept::Named(self.only(&pair)?),
            Rule::word_itself => Concept::Itself(self.only(&pair)?),
            _ => Concept::Texts(self.slots(&pair, Rule::string)?),
        };
        Ok(Spanned::new(concept, span))
    }

    pub(super) fn image(self, pair: Pair<'_, Rule>) -> Built<Spanned<ImageRef>> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let image = if rule == Rule::image_at {
            let parts = self.clause(pair)?;
            ImageRef::InSet {
                set: parts.the(Role::Set).clone(),
                row: parts.value().clone(),
            }
        } else {
            ImageRef::File(self.only(&pair)?)
        };
        Ok(Spanned::new(image, span))
    }

    pub(super) fn term(self, pair: Pair<'_, Rule>) -> Built<Spanned<Term>> {
        let (rule, span) = (pair.as_rule(), self.span(&pair));
        let term = match rule {
            Rule::result => Term::Result(self.slot(&pair)?),
            Rule::top | Rule::bottom => {
                let parts = self.clause(pair)?;
                Term::Extreme {
                    top: rule == Rule::top,
                    count: parts.the_number().clone(),
                    units: parts.the_units().clone(),
                    concept: parts.the_concept().clone(),
                    over: parts.concepts().get(1).copied().cloned(),
                }
            }
            Rule::random => {
                let parts = self.clause(pair)?;
                Term::Random {
                    count: parts.the_number().clone(),
                    units: parts.the_units().clone(),
                    seed: parts.said("seed").cloned(),
                }
            }
            _ => Term::Units(self.units(pair)?.value),
        };
        Ok(Spanned::new(term, span))
    }
}

/// Whether a rule is a unit.
pub(super) fn is_unit(rule: Rule) -> bool {
    unit_kind(rule).is_some()
}

/// Whether a rule joins the terms of a selection.
pub(super) fn is_joint(rule: Rule) -> bool {
    matches!(rule, Rule::kw_and | Rule::kw_except)
}

/// `5`, `5.2` or `5.*`. Numbers beyond 32 bits become the largest, which no model reaches either.
fn place(text: &str) -> Place {
    let number = |digits: &str| digits.parse().unwrap_or(u32::MAX);
    match text.split_once('.') {
        None => Place {
            layer: number(text),
            part: PlacePart::Unsaid,
        },
        Some((layer, "*")) => Place {
            layer: number(layer),
            part: PlacePart::All,
        },
        Some((layer, part)) => Place {
            layer: number(layer),
            part: PlacePart::One(number(part)),
        },
    }
}
