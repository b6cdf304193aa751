//! `--result`: which of a run's answers are written. All statements run; only tables count.

use std::str::FromStr;

use crate::interface::answer::Answer;

/// Which answers are written.
#[derive(Clone, Debug, Default)]
pub enum Pick {
    /// Every one.
    #[default]
    All,
    /// The last one, held back until the run is over.
    Last(Option<Box<Answer>>),
    /// The one of this number, from 1; how many there were so far.
    Nth(usize, usize),
}

impl Pick {
    /// Whether a table is to be written now.
    pub fn lets_through(&mut self, answer: &Answer) -> bool {
        match self {
            Self::All => true,
            Self::Last(last) => {
                *last = Some(Box::new(answer.clone()));
                false
            }
            Self::Nth(wanted, seen) => {
                *seen += 1;
                seen == wanted
            }
        }
    }

    /// The answer that was held back, once.
    pub fn take_last(&mut self) -> Option<Box<Answer>> {
        match self {
            Self::Last(last) => last.take(),
            _ => None,
        }
    }
}

impl FromStr for Pick {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match (word, word.parse()) {
            ("all", _) => Ok(Self::All),
            ("last", _) => Ok(Self::Last(None)),
            (_, Ok(number @ 1..)) => Ok(Self::Nth(number, 0)),
            _ => Err("it is `all`, `last` or a number from 1".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> Vec<usize> {
        let mut pick: Pick = word.parse().unwrap();
        let answer = |rows: usize| Answer {
            title: Some(rows.to_string()),
            ..Answer::default()
        };
        let mut shown: Vec<usize> = (1..4).filter(|n| pick.lets_through(&answer(*n))).collect();
        let last = pick.take_last().and_then(|answer| answer.title);
        shown.extend(last.map(|title| title.parse::<usize>().unwrap()));
        shown
    }

    #[test]
    fn all_the_last_or_one_by_number() {
        assert_eq!(shown("all"), [1, 2, 3]);
        assert_eq!(shown("last"), [3]);
        assert_eq!(shown("2"), [2]);
        assert_eq!(shown("9"), [0; 0]);
        assert!("0".parse::<Pick>().is_err() && "first".parse::<Pick>().is_err());
    }
}
