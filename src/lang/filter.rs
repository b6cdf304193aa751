//! Conditions with their columns looked up and their types checked, and how one row is tested.

use super::ast::Comparison;

/// A condition on the rows of a table.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the fields are the parts of the test
pub enum Filter {
    /// `column sign value`
    Compare {
        column: String,
        sign: Comparison,
        value: Literal,
    },
    /// `column in (values)`
    In {
        column: String,
        values: Vec<Literal>,
    },
    /// `column like pattern`
    Like { column: String, pattern: String },
    /// `column between low and high`, both included.
    Between {
        column: String,
        low: Literal,
        high: Literal,
    },
    /// `not …`
    Not(Box<Filter>),
    /// `… and …`
    And(Vec<Filter>),
    /// `… or …`
    Or(Vec<Filter>),
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Filter {
    /// The columns it speaks of.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Compare { column, .. }
            | Self::In { column, .. }
            | Self::Like { column, .. }
            | Self::Between { column, .. } => vec![column],
            Self::Not(inner) => inner.columns(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::columns).collect(),
        }
    }

    /// Whether a row satisfies it, given the row's values by column. A test of a missing value is neither true nor
    /// false (`None`), as in SQL.
    #[must_use]
    pub fn test(&self, value_of: &dyn Fn(&str) -> Option<Literal>) -> Option<bool> {
        match self {
            Self::Compare {
                column,
                sign,
                value,
            } => {
                let order = value_of(column)?.order(value)?;
                Some(match sign {
                    Comparison::Equal => order.is_eq(),
                    Comparison::NotEqual => order.is_ne(),
                    Comparison::Less => order.is_lt(),
                    Comparison::LessOrEqual => order.is_le(),
                    Comparison::Greater => order.is_gt(),
                    Comparison::GreaterOrEqual => order.is_ge(),
                })
            }
            Self::In { column, values } => {
                let found = value_of(column)?;
                Some(values.contains(&found))
            }
            Self::Like { column, pattern } => match value_of(column)? {
                Literal::Text(text) => Some(like(pattern, &text)),
                Literal::Number(_) => None,
            },
            Self::Between { column, low, high } => {
                let found = value_of(column)?;
                Some(found.order(low)?.is_ge() && found.order(high)?.is_le())
            }
            Self::Not(inner) => inner.test(value_of).map(|truth| !truth),
            Self::And(parts) => all(parts.iter().map(|part| part.test(value_of)), false),
            Self::Or(parts) => all(parts.iter().map(|part| part.test(value_of)), true),
        }
    }

    /// All of several conditions; `None` if there are none.
    #[must_use]
    pub fn all(mut parts: Vec<Self>) -> Option<Self> {
        match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Self::And(parts)),
        }
    }
}

/// `decisive` if any truth is; else unknown if any is; else its opposite. `and` is decided by false, `or` by true.
fn all(truths: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut answer = Some(!decisive);
    for truth in truths {
        match truth {
            Some(truth) if truth == decisive => return Some(decisive),
            None => answer = None,
            Some(_) => {}
        }
    }
    answer
}

impl Literal {
    /// How it compares with a value of the same type.
    fn order(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Whether a text fits a pattern in which `%` stands for any characters and `_` for one; letter case doesn't count.
#[must_use]
pub fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when a later character doesn't fit: after the last `%`, one character further.
    let mut retry = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'%') {
            retry = Some((p + 1, t + 1));
            p += 1;
        } else if pattern.get(p).is_some_and(|&c| c == '_' || c == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, next)) = retry {
            (p, t) = (after, next);
            retry = Some((after, next + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        for (pattern, text) in [
            ("%fish", "Striped fish"),
            ("a%b%c", "aXbYc"),
            ("_b", "ab"),
            ("%", ""),
            ("a%a", "aa"),
        ] {
            assert!(like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("fish", "fishes"), ("_", ""), ("a%a", "a"), ("%b", "abc")] {
            assert!(!like(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn missing_values_make_tests_unknown_unless_another_part_decides() {
        let number = |column: &str, sign, value| Filter::Compare {
            column: column.to_owned(),
            sign,
            value: Literal::Number(value),
        };
        let row = |column: &str| (column == "layer").then_some(Literal::Number(3.0));
        let known = number("layer", Comparison::GreaterOrEqual, 3.0);
        let unknown = number("head", Comparison::Equal, 0.0);
        assert_eq!(known.test(&row), Some(true));
        assert_eq!(unknown.test(&row), None);
        assert_eq!(Filter::Not(Box::new(unknown.clone())).test(&row), None);
        assert_eq!(
            Filter::Or(vec![unknown.clone(), known.clone()]).test(&row),
            Some(true)
        );
        assert_eq!(Filter::And(vec![unknown, known]).test(&row), None);
    }
}
