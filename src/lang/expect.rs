//! What may come next: the grammar's own list of expected rules, turned into words. Error messages, completion and the
//! splitting of scripts all ask here, so no list of keywords is kept by hand.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Once, OnceLock};

use pest::Parser as _;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pairs;

use super::grammar::{self, Grammar, Rule};

/// A bound on the work one statement may cost, far above what any real one needs.
const CALL_LIMIT: usize = 4_000_000;

/// A character that no rule accepts outside strings and comments: put where the cursor is, it makes the parser say
/// everything that could stand there.
const CURSOR: char = '\0';

/// What the grammar would have accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expected {
    /// A keyword, in lower case.
    Keyword(String),
    /// A name of this sort.
    Name(Role),
    /// A quoted text.
    Text,
    /// A number.
    Number,
    /// A layer, or a head of a layer.
    Place,
    /// `=`, `<`, ….
    Comparison,
    /// A punctuation sign.
    Sign(&'static str),
    /// The end of the statement.
    End,
}

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A model.
    Model,
    /// A model with a text tower.
    Clip,
    /// An image set.
    Set,
    /// A feature.
    Feature,
    /// A column of the unit table or an image set.
    Column,
    /// A way of scoring.
    Score,
    /// A setting.
    Setting,
    /// An earlier answer.
    Result,
    /// A way of summing up a group.
    Reducer,
    /// A help topic.
    Topic,
    /// A model, set, feature or result.
    Thing,
    /// Any word, as a value.
    Word,
    /// A name yet to be given.
    NewName,
    /// A variable.
    Variable,
}

impl Role {
    /// “a model”, “an image set”, ….
    #[must_use]
    pub fn described(self) -> &'static str {
        match self {
            Self::Model => "a model",
            Self::Clip => "a CLIP model",
            Self::Set => "an image set",
            Self::Feature => "a feature",
            Self::Column => "a column",
            Self::Score => "a score",
            Self::Setting => "a setting",
            Self::Result => "a result",
            Self::Reducer => "`mean`, `max` or another summary",
            Self::Topic => "a help topic",
            Self::Thing => "a model, image set, feature or result",
            Self::Word => "a word",
            Self::NewName => "a name",
            Self::Variable => "a variable",
        }
    }

    /// The word alone, as in “unknown model”.
    #[must_use]
    pub fn noun(self) -> &'static str {
        let described = self.described();
        match self {
            Self::Reducer => "summary",
            Self::Thing => "name",
            _ => described
                .split_once(' ')
                .map_or(described, |(_, noun)| noun),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyword(word) => write!(f, "`{word}`"),
            Self::Name(role) => f.write_str(role.described()),
            Self::Text => f.write_str("a quoted text"),
            Self::Number => f.write_str("a number"),
            Self::Place => f.write_str("a place such as 5.2"),
            Self::Comparison => f.write_str("a comparison such as `=`"),
            Self::Sign(sign) => write!(f, "`{sign}`"),
            Self::End => f.write_str("the end of the statement"),
        }
    }
}

/// Why a text doesn't parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// At this byte none of the expected came.
    At(usize, Vec<Expected>),
    /// The text costs more work than [`CALL_LIMIT`].
    TooMuch,
}

/// Runs the grammar over one statement.
pub(super) fn run(text: &str) -> Result<Pairs<'_, Rule>, Failure> {
    static LIMIT: Once = Once::new();
    LIMIT.call_once(|| pest::set_call_limit(NonZeroUsize::new(CALL_LIMIT)));
    Grammar::parse(Rule::entry, text).map_err(|error| match error.variant {
        ErrorVariant::ParsingError { positives, .. } => {
            let at = match error.location {
                InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
            };
            let mut expected: Vec<_> = positives.into_iter().filter_map(expected).collect();
            expected.sort();
            expected.dedup();
            Failure::At(at, expected)
        }
        ErrorVariant::CustomError { .. } => Failure::TooMuch,
    })
}

/// What may come right after `left`, the beginning of a statement; nothing if `left` is wrong already.
#[must_use]
pub fn after(left: &str) -> Vec<Expected> {
    match run(&format!("{left}{CURSOR}")) {
        Err(Failure::At(at, expected)) if at == left.len() => expected,
        _ => Vec::new(),
    }
}

/// The words a statement may begin with.
pub fn statement_keywords() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let word = |expected| match expected {
            Expected::Keyword(word) => Some(word),
            _ => None,
        };
        after("").into_iter().filter_map(word).collect()
    })
}

/// Every keyword of the grammar, in lower case, sorted.
pub fn keywords() -> &'static [String] {
    static WORDS: OnceLock<Vec<String>> = OnceLock::new();
    WORDS.get_or_init(|| {
        let mut words: Vec<_> = Rule::all_rules()
            .iter()
            .filter_map(|&rule| keyword(rule))
            .collect();
        words.sort();
        words
    })
}

/// Whether `word`, otherwise fit to be a bare name, is one of the few keywords that can't be.
#[must_use]
pub fn is_reserved(word: &str) -> bool {
    Grammar::parse(Rule::new_name, word).is_err()
}

fn keyword(rule: Rule) -> Option<String> {
    grammar::keyword(rule).map(str::to_owned)
}

/// What the user would call a rule; `None` for rules that are never expected by themselves.
fn expected(rule: Rule) -> Option<Expected> {
    let name = |role| Some(Expected::Name(role));
    let sign = |sign| Some(Expected::Sign(sign));
    match rule {
        Rule::model => name(Role::Model),
        Rule::clip => name(Role::Clip),
        Rule::image_set => name(Role::Set),
        Rule::feature => name(Role::Feature),
        Rule::column => name(Role::Column),
        Rule::score => name(Role::Score),
        Rule::setting => name(Role::Setting),
        Rule::result => name(Role::Result),
        Rule::reducer => name(Role::Reducer),
        Rule::topic => name(Role::Topic),
        Rule::thing => name(Role::Thing),
        Rule::word | Rule::choice => name(Role::Word),
        Rule::new_name | Rule::new_feature => name(Role::NewName),
        Rule::string => Some(Expected::Text),
        Rule::number => Some(Expected::Number),
        Rule::place => Some(Expected::Place),
        Rule::op => Some(Expected::Comparison),
        Rule::comma => sign(","),
        Rule::pipe => sign("|"),
        Rule::colon => sign(":"),
        Rule::open => sign("("),
        Rule::close => sign(")"),
        Rule::open_bracket => sign("["),
        Rule::close_bracket => sign("]"),
        Rule::equals => sign("="),
        Rule::EOI => Some(Expected::End),
        _ => keyword(rule).map(Expected::Keyword),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(left: &str) -> Vec<String> {
        after(left).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_grammar_says_what_may_come_next() {
        assert_eq!(words("rank heads for texture "), ["`in`", "`,`"]);
        assert_eq!(words("rank heads for texture in "), ["a model"]);
        assert_eq!(words("drop "), ["`decomposition`"]);
        assert_eq!(words("rank heads wrong "), Vec::<String>::new());
        let units = words("rank ");
        assert!(units.contains(&"`heads`".to_owned()) && units.contains(&"`bias`".to_owned()));
        assert!(statement_keywords().iter().any(|word| word == "retrieve"));
        assert!(!statement_keywords().iter().any(|word| word == "where"));
    }

    #[test]
    fn reserved_words_are_whole_words() {
        assert!(is_reserved("in") && is_reserved("Into"));
        assert!(!is_reserved("inner") && !is_reserved("texture"));
    }
}
