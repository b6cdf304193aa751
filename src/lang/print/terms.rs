//! Prints the parts of statements: units, concepts, selections, conditions, pipe stages.

use std::fmt::{self, Display, Formatter, Write};

use super::words::{clause, flag, list};
use crate::lang::ast::{
    Aggregate, Check, Comparison, Concept, Condition, ImageRef, Place, PlacePart, SortKey, Stage,
    Term, Test, UnitKind, Units,
};

impl UnitKind {
    /// The word for one, or for many.
    #[must_use]
    pub fn word(self, single: bool) -> &'static str {
        let (one, many) = match self {
            Self::Head => ("head", "heads"),
            Self::Mlp => ("mlp", "mlps"),
            Self::Conv => ("conv", "convs"),
            Self::Neuron => ("neuron", "neurons"),
            Self::Layer => ("layer", "layers"),
            Self::Token => ("tokens", "tokens"),
            Self::Component => ("components", "components"),
            Self::Init => ("init", "init"),
            Self::Bias => ("bias", "bias"),
        };
        if single { one } else { many }
    }
}

impl Display for Units {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word(self.single))?;
        if let Some(from) = &self.from {
            write!(f, " {from}")?;
        }
        clause(f, "to", self.to.as_ref())
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layer)?;
        match self.part {
            PlacePart::Unsaid => Ok(()),
            PlacePart::One(part) => write!(f, ".{part}"),
            PlacePart::All => f.write_str(".*"),
        }
    }
}

impl Display for Concept {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(slot) => slot.fmt(f),
            Self::Itself(text) => write!(f, "text {text}"),
            Self::Texts(texts) => {
                f.write_char('(')?;
                list(f, texts)?;
                f.write_char(')')
            }
        }
    }
}

impl Display for ImageRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::InSet { set, row } => write!(f, "{set}[{row}]"),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extreme {
                top,
                count,
                units,
                concept,
                over,
            } => {
                let word = if *top { "top" } else { "bottom" };
                write!(f, "{word} {count} {units} for {concept}")?;
                clause(f, "over", over.as_ref())
            }
            Self::Random { count, units, seed } => {
                write!(f, "random {count} {units}")?;
                clause(f, "seed", seed.as_ref())
            }
            Self::Units(units) => units.fmt(f),
            Self::Result(name) => name.fmt(f),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut Formatter<'_>, parts: &[Self], word: &str| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                let looser = matches!(part, Self::Or(_)) || (word == "and" && part.is_and());
                if looser {
                    write!(f, "({part})")?;
                } else {
                    part.fmt(f)?;
                }
            }
            Ok(())
        };
        match self {
            Self::Test(test) => test.fmt(f),
            Self::Not(inner) if matches!(**inner, Self::Test(_)) => write!(f, "not {inner}"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(parts) => joined(f, parts, "and"),
            Self::Or(parts) => joined(f, parts, "or"),
        }
    }
}

impl Condition {
    fn is_and(&self) -> bool {
        matches!(self, Self::And(_))
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.column.fmt(f)?;
        flag(f, "not", self.negated)?;
        match &self.check {
            Check::Compare(sign, value) => write!(f, " {sign} {value}"),
            Check::In(values) => {
                f.write_str(" in (")?;
                list(f, values)?;
                f.write_char(')')
            }
            Check::Like(pattern) => write!(f, " like {pattern}"),
            Check::Between(low, high) => write!(f, " between {low} and {high}"),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Where(condition) => write!(f, "where {condition}"),
            Self::Sort(keys) => {
                f.write_str("sort ")?;
                list(f, keys)
            }
            Self::Select(columns) => {
                f.write_str("select ")?;
                list(f, columns)
            }
            Self::Take(count) => write!(f, "take {count}"),
            Self::Group { by, aggregates } => {
                f.write_str("group ")?;
                list(f, by)?;
                f.write_str(": ")?;
                list(f, aggregates)
            }
            Self::Save(path) => write!(f, "save {path}"),
        }
    }
}

impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.column.fmt(f)?;
        flag(f, "desc", self.descending)
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.reducer.fmt(f)?;
        if let Some(column) = &self.column {
            write!(f, " {column}")?;
        }
        Ok(())
    }
}
