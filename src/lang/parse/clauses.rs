//! Clauses: a statement, or a part of one that begins with a word of its own. Each of their parts is told by the rule it
//! has in the grammar, so building needs no knowledge of any statement.

use pest::iterators::Pair;

use super::reader::{Built, Reader};
use super::terms::{is_joint, is_unit};
use crate::lang::ast::{Clause, Condition, Joint, Part, Sort};
use crate::lang::error::SyntaxError;
use crate::lang::expect::Role;
use crate::lang::grammar::{self, Rule};
use crate::lang::span::{Span, Spanned};

impl Reader {
    /// A clause with all its parts.
    pub(super) fn clause(self, pair: Pair<'_, Rule>) -> Built<Clause> {
        let rule = pair.as_rule();
        let mut clause = Clause {
            name: grammar::name(rule),
            parts: Vec::new(),
        };
        let mut joint = Joint::And;
        for inner in pair.into_inner() {
            let (own, span) = (inner.as_rule(), self.span(&inner));
            if selects(rule) && is_joint(own) {
                joint = match own {
                    Rule::kw_except => Joint::Except,
                    _ => Joint::And,
                };
                continue;
            }
            let part = match self.part(rule, joint, inner)? {
                Some(part) => part,
                None => continue,
            };
            refuse_twice(&clause, &part, span)?;
            clause.parts.push(part);
        }
        Ok(clause)
    }

    /// A part of a clause of the rule `of`; nothing for a sign that only separates.
    fn part(self, of: Rule, joint: Joint, pair: Pair<'_, Rule>) -> Built<Option<Part>> {
        let rule = pair.as_rule();
        Ok(Some(match rule {
            Rule::comma | Rule::EOI => return Ok(None),
            Rule::equals => Part::Word("="),
            Rule::word_itself | Rule::text_list | Rule::quoted | Rule::feature => {
                Part::Concept(self.concept(pair)?)
            }
            Rule::image_at | Rule::image_file => Part::Image(self.image(pair)?),
            Rule::filter => Part::Clause(Clause {
                name: grammar::name(rule),
                parts: vec![Part::Word("where"), Part::Condition(self.filter(pair)?)],
            }),
            Rule::top | Rule::bottom | Rule::random | Rule::result if selects(of) => {
                Part::Term(joint, self.term(pair)?)
            }
            _ if is_unit(rule) && selects(of) => Part::Term(joint, self.term(pair)?),
            _ if is_unit(rule) => Part::Units(self.units(pair)?),
            _ => match (sort(rule), grammar::keyword(rule)) {
                (Some(sort), _) => Part::Slot(sort, self.slot(&pair)?),
                (_, Some(word)) => Part::Word(word),
                _ => Part::Clause(self.clause(pair)?),
            },
        }))
    }

    /// `where …`: its condition, with where that stands.
    pub(super) fn filter(self, pair: Pair<'_, Rule>) -> Built<Spanned<Condition>> {
        let whole = self.span(&pair);
        let mut inner = pair.into_inner().skip(1).peekable();
        let start = inner.peek().map_or(whole.start, |p| self.span(p).start);
        let condition = self.condition(inner)?;
        Ok(Spanned::new(condition, Span::new(start, whole.end)))
    }
}

/// Whether the units in a clause of this rule are terms of a selection.
fn selects(rule: Rule) -> bool {
    matches!(rule, Rule::using | Rule::without | Rule::ablated)
}

/// What a slot of this rule is for; `None` if the rule is no slot.
fn sort(rule: Rule) -> Option<Sort> {
    Some(Sort::Name(match rule {
        Rule::model => Role::Model,
        Rule::clip => Role::Clip,
        Rule::image_set => Role::Set,
        Rule::column => Role::Column,
        Rule::score => Role::Score,
        Rule::setting => Role::Setting,
        Rule::result => Role::Result,
        Rule::reducer => Role::Reducer,
        Rule::topic => Role::Topic,
        Rule::thing => Role::Thing,
        Rule::word => Role::Word,
        Rule::new_name | Rule::new_feature => Role::NewName,
        Rule::string => return Some(Sort::Text),
        Rule::number => return Some(Sort::Number),
        Rule::choice => return Some(Sort::Choice),
        _ => return None,
    }))
}

/// Clauses that only say yes: saying it again changes nothing.
const FLAGS: [&str; 3] = ["stability", "per_head", "paper"];

/// Refuses an option that stands in the clause already.
fn refuse_twice(clause: &Clause, part: &Part, span: Span) -> Built<()> {
    match part {
        Part::Clause(option)
            if clause.clause(option.name).is_some() && !FLAGS.contains(&option.name) =>
        {
            Err(SyntaxError::Twice {
                option: option_words(option),
                span,
            })
        }
        _ => Ok(()),
    }
}

/// What an option is called: the words before its value, or its first where it is nothing but words.
fn option_words(option: &Clause) -> String {
    let words = option.parts.iter().map_while(|part| match part {
        Part::Word(word) => Some(*word),
        _ => None,
    });
    let words: Vec<&str> = words.collect();
    match words.len() == option.parts.len() {
        true => words.first().copied().unwrap_or_default().to_owned(),
        false => words.join(" "),
    }
}
