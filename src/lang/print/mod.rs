//! Prints the syntax tree as canonical text: parsing what is printed gives the same tree back.

mod terms;
mod words;

use std::fmt::{self, Display, Formatter};

pub use self::words::name;
use super::ast::{Body, Clause, Joint, Part, Sort, Statement};
use super::expect::Role;

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)?;
        for stage in &self.stages {
            write!(f, " | {stage}")?;
        }
        words::clause(f, "into", self.into.as_ref())
    }
}

impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Does(clause) => clause.fmt(f),
            Self::Explains(statement) => write!(f, "explain {statement}"),
        }
    }
}

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut before: Option<&Part> = None;
        for part in &self.parts {
            match before {
                None => {}
                Some(before) if are_listed(before, part) => f.write_str(", ")?,
                Some(_) => f.write_str(" ")?,
            }
            match part {
                // How a term joins those before it; the first joins none.
                Part::Term(joint, _) if matches!(before, Some(Part::Term(..))) => {
                    f.write_str(match joint {
                        Joint::And => "and ",
                        Joint::Except => "except ",
                    })?;
                }
                _ => {}
            }
            part.fmt(f)?;
            before = Some(part);
        }
        Ok(())
    }
}

/// Whether two parts that follow one another are items of one list.
fn are_listed(a: &Part, b: &Part) -> bool {
    match (a, b) {
        (Part::Units(_), Part::Units(_)) | (Part::Concept(_), Part::Concept(_)) => true,
        (Part::Slot(a, _), Part::Slot(b, _)) => a == b,
        _ => false,
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            // Where the language expects no name of the user's, words that join its sentences can stand bare.
            Self::Slot(Sort::Choice | Sort::Name(Role::Setting | Role::Topic), slot) => {
                f.write_str(&words::unreserved(slot))
            }
            Self::Slot(_, slot) => slot.fmt(f),
            Self::Units(units) => units.fmt(f),
            Self::Concept(concept) => concept.fmt(f),
            Self::Image(image) => image.fmt(f),
            Self::Term(_, term) => term.fmt(f),
            Self::Condition(condition) => condition.fmt(f),
            Self::Clause(clause) => clause.fmt(f),
        }
    }
}
