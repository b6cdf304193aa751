//! A statement, or a part of one that begins with a word of its own, as the grammar builds it: its parts in the order
//! written. Statements take theirs out of it by what they are (`read` in `statements`); nothing here knows a statement.

use super::terms::{Concept, Condition, ImageRef, Joint, Selection, Term, Units};
use super::value::Slot;
use crate::lang::expect::Role;
use crate::lang::span::Spanned;

/// What a clause is named by and made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// The name of its rule in the grammar: `rank`, `add_model`, `limit`.
    pub name: &'static str,
    /// Its parts in the order written, its own word first.
    pub parts: Vec<Part>,
}

/// What a slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A name of this sort.
    Name(Role),
    /// A quoted text.
    Text,
    /// A number.
    Number,
    /// One of the words that a setting may be.
    Choice,
}

/// A part of a clause.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A word of the language.
    Word(&'static str),
    /// A name, text or number.
    Slot(Sort, Slot),
    /// Units.
    Units(Spanned<Units>),
    /// A concept.
    Concept(Spanned<Concept>),
    /// An image.
    Image(Spanned<ImageRef>),
    /// A term of a selection.
    Term(Joint, Spanned<Term>),
    /// A condition.
    Condition(Spanned<Condition>),
    /// A clause within.
    Clause(Clause),
}

/// Why a part that is asked for must be there.
const BY_GRAMMAR: &str = "the grammar lets no statement through without this part";

impl Clause {
    /// Whether a word of the language stands in it.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.parts
            .iter()
            .any(|part| matches!(part, Part::Word(said) if *said == word))
    }

    /// The clause within of this name.
    #[must_use]
    pub fn clause(&self, name: &str) -> Option<&Clause> {
        self.parts.iter().find_map(|part| match part {
            Part::Clause(clause) if clause.name == name => Some(clause),
            _ => None,
        })
    }

    /// All slots of a sort, in order.
    pub fn slots(&self, sort: Sort) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Slot(own, slot) if *own == sort => Some(slot),
            _ => None,
        })
    }

    /// The first name of a sort.
    #[must_use]
    pub fn name_of(&self, role: Role) -> Option<&Slot> {
        self.slots(Sort::Name(role)).next()
    }

    /// The first name of a sort that the grammar makes obligatory.
    #[must_use]
    pub fn the(&self, role: Role) -> &Slot {
        self.name_of(role).expect(BY_GRAMMAR)
    }

    /// The first quoted text, which the grammar makes obligatory.
    #[must_use]
    pub fn the_text(&self) -> &Slot {
        self.slots(Sort::Text).next().expect(BY_GRAMMAR)
    }

    /// All quoted texts.
    #[must_use]
    pub fn texts(&self) -> Vec<Slot> {
        self.slots(Sort::Text).cloned().collect()
    }

    /// The first number, which the grammar makes obligatory.
    #[must_use]
    pub fn the_number(&self) -> &Slot {
        self.number().expect(BY_GRAMMAR)
    }

    /// The units, of which the grammar makes one obligatory.
    #[must_use]
    pub fn the_units(&self) -> &Spanned<Units> {
        self.units().into_iter().next().expect(BY_GRAMMAR)
    }

    /// The first number.
    #[must_use]
    pub fn number(&self) -> Option<&Slot> {
        self.slots(Sort::Number).next()
    }

    /// The one slot of a clause such as `limit 5`, or the last of several.
    #[must_use]
    pub fn value(&self) -> &Slot {
        let slot = self.parts.iter().rev().find_map(|part| match part {
            Part::Slot(_, slot) => Some(slot),
            _ => None,
        });
        slot.expect(BY_GRAMMAR)
    }

    /// The slot of the clause of this name, if it was said: `limit 5`, `on scenes`.
    #[must_use]
    pub fn said(&self, name: &str) -> Option<&Slot> {
        self.clause(name).map(Clause::value)
    }

    /// The units, in order.
    #[must_use]
    pub fn units(&self) -> Vec<&Spanned<Units>> {
        let units = self.parts.iter().filter_map(|part| match part {
            Part::Units(units) => Some(units),
            _ => None,
        });
        units.collect()
    }

    /// The concepts, in order.
    #[must_use]
    pub fn concepts(&self) -> Vec<&Spanned<Concept>> {
        let concepts = self.parts.iter().filter_map(|part| match part {
            Part::Concept(concept) => Some(concept),
            _ => None,
        });
        concepts.collect()
    }

    /// The first concept, which the grammar makes obligatory.
    #[must_use]
    pub fn the_concept(&self) -> &Spanned<Concept> {
        self.concepts().into_iter().next().expect(BY_GRAMMAR)
    }

    /// The image, if it is about one.
    #[must_use]
    pub fn image(&self) -> Option<&Spanned<ImageRef>> {
        self.parts.iter().find_map(|part| match part {
            Part::Image(image) => Some(image),
            _ => None,
        })
    }

    /// The image, which the grammar makes obligatory.
    #[must_use]
    pub fn the_image(&self) -> &Spanned<ImageRef> {
        self.image().expect(BY_GRAMMAR)
    }

    /// The condition, if it holds one.
    #[must_use]
    pub fn condition(&self) -> Option<&Spanned<Condition>> {
        self.parts.iter().find_map(|part| match part {
            Part::Condition(condition) => Some(condition),
            _ => None,
        })
    }

    /// The selection that its terms make, if it has any.
    #[must_use]
    pub fn selection(&self) -> Option<Selection> {
        let mut terms = self.parts.iter().filter_map(|part| match part {
            Part::Term(joint, term) => Some((*joint, term.clone())),
            _ => None,
        });
        let (_, first) = terms.next()?;
        let rest = terms.collect();
        Some(Selection { first, rest })
    }
}
