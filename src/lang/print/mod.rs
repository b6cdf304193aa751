//! Prints the syntax tree as canonical text: parsing what is printed gives the same tree back.

mod terms;

use std::fmt::{self, Display, Formatter};

use super::ast::{
    Asked, Body, DecomposeOptions, Listing, Measure, Options, Precision, Question, Replacement,
    Slot, Statement, Sweep, Template, Value,
};
use super::lex::word_length;
use super::span::Spanned;

impl<T: Display> Display for Spanned<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(&quote(text)),
            Self::Word(word) => f.write_str(&name(word)),
            Self::Variable(word) => write!(f, "${word}"),
        }
    }
}

/// A string as the language writes it.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A name as the language writes it: bare where it can be, else in backticks.
#[must_use]
pub fn name(word: &str) -> String {
    if is_bare(word) && !crate::lang::expect::is_reserved(word) {
        word.to_owned()
    } else {
        format!("`{word}`")
    }
}

fn is_bare(word: &str) -> bool {
    !word.is_empty() && word_length(word) == word.len()
}

/// A value where reserved words may stand too.
fn unreserved(slot: &Slot) -> String {
    match &slot.value {
        Value::Word(word) if is_bare(word) => word.clone(),
        other => other.to_string(),
    }
}

/// Writes items with `, ` between them.
fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

/// Writes ` WORD item` if there is an item.
fn clause<T: Display>(f: &mut Formatter<'_>, word: &str, item: Option<&T>) -> fmt::Result {
    item.map_or(Ok(()), |item| write!(f, " {word} {item}"))
}

/// Writes ` WORD` if `said`.
fn flag(f: &mut Formatter<'_>, word: &str, said: bool) -> fmt::Result {
    if said { write!(f, " {word}") } else { Ok(()) }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)?;
        for stage in &self.stages {
            write!(f, " | {stage}")?;
        }
        clause(f, "into", self.into.as_ref())
    }
}

impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddModel { name, path } => write!(f, "add model {name} from {path}"),
            Self::AddImages { name, path, labels } => {
                write!(f, "add images {name} from {path}")?;
                clause(f, "with", labels.as_ref())
            }
            Self::Decompose {
                set,
                models,
                options,
            } => {
                write!(f, "decompose {set} with ")?;
                list(f, models)?;
                options.fmt(f)
            }
            Self::Align {
                model,
                clip,
                on,
                lambda,
                seed,
            } => {
                write!(f, "align {model} to {clip}")?;
                clause(f, "on", on.as_ref())?;
                clause(f, "lambda", lambda.as_ref())?;
                clause(f, "seed", seed.as_ref())
            }
            Self::Sweep(sweep) => sweep.fmt(f),
            Self::Define(None) => f.write_str("define"),
            Self::Define(Some((name, texts))) => {
                write!(f, "define {name} as ")?;
                list(f, texts)
            }
            Self::Show(listing) => write!(f, "show {listing}"),
            Self::Describe(name) => write!(f, "describe {name}"),
            Self::DescribeUnit { unit, model } => write!(f, "describe {unit} in {model}"),
            Self::Check { model, on } => {
                write!(f, "check {model}")?;
                clause(f, "on", on.as_ref())
            }
            Self::Drop { model, set } => write!(f, "drop decomposition {model} on {set}"),
            Self::Set { key, value } => write!(f, "set {} {}", unreserved(key), unreserved(value)),
            Self::Let { name, value } => write!(f, "let {name} = {value}"),
            Self::Run(path) => write!(f, "run {path}"),
            Self::Help(None) => f.write_str("help"),
            Self::Help(Some(topic)) => write!(f, "help {}", unreserved(topic)),
            Self::Sql(text) => write!(f, "sql {text}"),
            Self::From(name) => write!(f, "from {name}"),
            Self::Explain(statement) => write!(f, "explain {statement}"),
            Self::Quit => f.write_str("quit"),
            Self::Ask(question) => question.fmt(f),
        }
    }
}

impl Display for Sweep {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "sweep lambda {} to {}", self.from, self.to)?;
        clause(f, "in", self.model.as_ref())?;
        clause(f, "to", self.clip.as_ref())?;
        clause(f, "on", self.on.as_ref())?;
        clause(f, "seed", self.seed.as_ref())
    }
}

impl Display for Listing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Models => f.write_str("models"),
            Self::Images => f.write_str("images"),
            Self::Features => f.write_str("features"),
            Self::Results => f.write_str("results"),
            Self::Settings => f.write_str("settings"),
            Self::Units(model) => write!(f, "units in {model}"),
        }
    }
}

impl Display for DecomposeOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        clause(f, "precision", self.precision.as_ref())?;
        clause(f, "forward", self.forward.as_ref())?;
        clause(f, "batch", self.batch.as_ref())?;
        clause(f, "layers last", self.last_layers.as_ref())?;
        flag(f, "tokens", self.tokens)
    }
}

impl Display for Precision {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
        })
    }
}

impl Question {
    /// What stands between the first word and `in MODEL`.
    fn subject(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.asked {
            Asked::Rank => f.write_str("rank ")?,
            Asked::Compare => f.write_str("compare ")?,
            Asked::Features => f.write_str("features of ")?,
            Asked::Spans => f.write_str("spans of ")?,
            Asked::Retrieve => {
                f.write_str("retrieve ")?;
                if let Some(count) = &self.count {
                    write!(f, "{count} ")?;
                }
                f.write_str("images")?;
                if let Some(image) = &self.image {
                    write!(f, " like {image}")?;
                    return clause(f, "by", self.concepts.first());
                }
            }
            Asked::Heatmap => f.write_str("heatmap of ")?,
            Asked::Segment => f.write_str("segment ")?,
            Asked::Classify => f.write_str("classify ")?,
            Asked::Ablate => f.write_str("ablate ")?,
            Asked::EvaluateRanking => f.write_str("evaluate ranking of ")?,
            Asked::EvaluateRetrieval => f.write_str("evaluate retrieval")?,
            Asked::EvaluateHeatmaps => f.write_str("evaluate heatmaps")?,
            Asked::EvaluateAblation => f.write_str("evaluate ablation of ")?,
            Asked::Contributions => f.write_str("contributions of ")?,
            Asked::Representation => f.write_str("representation of ")?,
        }
        list(f, &self.units)?;
        if let Some(image) = &self.image {
            image.fmt(f)?;
        }
        if let Some(set) = &self.set {
            set.fmt(f)?;
        }
        if let Some(ablated) = &self.ablated {
            ablated.fmt(f)?;
        }
        clause(f, "by", self.column.as_ref())?;
        flag(f, "cumulatively", self.cumulatively)?;
        if !self.concepts.is_empty() {
            f.write_str(" for ")?;
            list(f, &self.concepts)?;
        }
        Ok(())
    }
}

impl Display for Question {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.subject(f)?;
        if self.asked != Asked::Representation {
            f.write_str(" in ")?;
        }
        list(f, &self.models)?;
        clause(f, "measuring", self.measure.as_ref())?;
        flag(f, "aligned", self.aligned)?;
        self.options.fmt(f)
    }
}

impl Display for Options {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        clause(f, "on", self.on.as_ref())?;
        clause(f, "via", self.via.as_ref())?;
        clause(f, "by", self.by.as_ref())?;
        clause(f, "where", self.filter.as_ref())?;
        clause(f, "limit", self.limit.as_ref())?;
        clause(f, "seed", self.seed.as_ref())?;
        clause(f, "template", self.template.as_ref())?;
        clause(f, "with", self.replacement.as_ref())?;
        flag(f, "with stability", self.stability)?;
        flag(f, "per head", self.per_head)?;
        flag(f, "as paper", self.paper)?;
        // Last, because `random 5 heads seed 3` has a seed of its own.
        clause(f, "using", self.using.as_ref())?;
        clause(f, "without", self.without.as_ref())
    }
}

impl Display for Template {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::None => f.write_str("none"),
            Self::Texts(texts) => list(f, texts),
        }
    }
}

impl Display for Replacement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Zero => "zero",
            Self::Resample => "resample",
        })
    }
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accuracy => f.write_str("accuracy"),
            Self::Similarity => f.write_str("similarity"),
            Self::Column(column) => column.fmt(f),
        }
    }
}
