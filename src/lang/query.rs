//! Statements with every name looked up, every number in range and every default filled in: what the engine runs.

mod question;

pub use self::question::{
    Concept, Image, Measure, Question, Score, Selection, Target, Template, Term, Unit,
};
use super::ast::{Precision, Value};
use super::catalog::{ColumnInfo, ColumnKind};
use super::filter::Filter;
use crate::kernels::Numbers;

/// A statement that can be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What to do.
    pub task: Task,
    /// What to do with the answer, in order.
    pub stages: Vec<Stage>,
    /// The name to keep the answer under.
    pub into: Option<String>,
    /// What the user should know about how the statement was read; each a sentence.
    pub notes: Vec<String>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // the fields are the words of the statement
pub enum Task {
    /// Adds a model from a hub id or folder.
    AddModel { name: String, path: String },
    /// Adds images from a folder or table.
    AddImages {
        name: String,
        path: String,
        labels: Option<String>,
    },
    /// Decomposes a set with models.
    Decompose {
        set: String,
        models: Vec<String>,
        precision: Option<Precision>,
        forward: Option<Numbers>,
        batch: Option<usize>,
        last_layers: Option<usize>,
        tokens: bool,
    },
    /// Fits an alignment. `lambda` and `seed` are the defaults of the fit if absent.
    Align {
        model: String,
        clip: String,
        set: String,
        lambda: Option<f64>,
        seed: Option<u64>,
    },
    /// Fits alignments over a range of lambda and tabulates the trade-off.
    Sweep {
        from: f64,
        to: f64,
        model: String,
        clip: String,
        set: String,
        seed: Option<u64>,
    },
    /// Defines a feature.
    Define { name: String, texts: Vec<String> },
    /// Lists things.
    Show(Shown),
    /// Says all there is to know about a thing.
    Describe(Described),
    /// Checks that the contributions of a model sum to its representation.
    Check { model: String, set: String },
    /// Deletes a decomposition.
    Drop { model: String, set: String },
    /// Changes a setting.
    Set(Setting),
    /// Sets a variable.
    Let { name: String, value: Value },
    /// Runs a script.
    Run(String),
    /// Shows help on a topic of [`super::help`], or the list of topics.
    Help(Option<&'static str>),
    /// Runs SQL over results, image sets and units. `from` is where the text begins in the source, if it stands there
    /// letter for letter (no escapes, no variable).
    Sql { text: String, from: Option<usize> },
    /// Answers with an earlier answer.
    From(String),
    /// Shows the plan of a query.
    Explain(Box<Query>),
    /// Ends the session.
    Quit,
    /// Asks models.
    Ask(Box<Question>),
}

/// What `show` lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The models.
    Models,
    /// The image sets.
    Images,
    /// The features (`define` alone too).
    Features,
    /// The named results.
    Results,
    /// The settings and variables.
    Settings,
    /// The units of a model.
    Units(String),
}

/// What `describe` is about.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Described {
    /// A model.
    Model(String),
    /// An image set.
    Set(String),
    /// A feature.
    Feature(String),
    /// A named result.
    Result(String),
    /// Units of a model.
    Unit { model: String, units: Vec<Unit> },
}

/// A setting and its new value; `None` takes it back.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// How tables are written: one of [`super::resolve::FORMATS`].
    Format(String),
    /// Whether and how pictures are shown: one of [`super::resolve::PICTURES`].
    Pictures(String),
    /// The images of statements without `on`.
    Images(Option<String>),
    /// The CLIP model of models aligned to several.
    Clip(Option<String>),
    /// The score.
    Score(Score),
    /// The limit.
    Limit(Option<usize>),
    /// The seed.
    Seed(Option<u64>),
    /// The template.
    Template(Template),
    /// Whether times are shown.
    Timer(bool),
    /// Whether output is coloured: `auto`, `always`, `never`.
    Color(String),
    /// The most rows of a table on the terminal; `None` for all.
    Rows(Option<usize>),
    /// The columns of the terminal that tables keep to; `None` for as many as it has.
    Width(Option<usize>),
    /// Whether long work shows a progress bar.
    Progress(bool),
    /// Whether answers taller than the screen go through `$PAGER`.
    Pager(bool),
}

/// What is done to an answer.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Stage {
    /// Keeps rows.
    Where(Filter),
    /// Sorts by columns, each with whether the largest come first.
    Sort(Vec<(String, bool)>),
    /// Keeps columns.
    Select(Vec<String>),
    /// Keeps the first rows.
    Take(usize),
    /// One row per group.
    Group {
        by: Vec<String>,
        aggregates: Vec<Aggregate>,
    },
    /// Writes the answer to a file; the format is its extension's.
    Save(String),
}

/// A computed column of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// How the values are summed up.
    pub reducer: Reducer,
    /// The column; `None` for [`Reducer::Count`] alone.
    pub column: Option<String>,
}

impl Aggregate {
    /// The name of the computed column: `mean score`, `count`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.column {
            Some(column) => format!("{} {column}", self.reducer.word()),
            None => self.reducer.word().to_owned(),
        }
    }
}

/// How the values of a group are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Reducer {
    Mean,
    Median,
    Max,
    Min,
    Sum,
    Std,
    Count,
}

impl Reducer {
    /// Every reducer and its keyword.
    pub const ALL: [(&'static str, Self); 7] = [
        ("mean", Self::Mean),
        ("median", Self::Median),
        ("max", Self::Max),
        ("min", Self::Min),
        ("sum", Self::Sum),
        ("std", Self::Std),
        ("count", Self::Count),
    ];

    /// Its keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, reducer)| *reducer == self);
        named.map_or("", |(word, _)| word)
    }
}

/// The columns of a table of units.
pub const UNIT_COLUMNS: [(&str, ColumnKind); 7] = [
    ("unit", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("layer", ColumnKind::Number),
    ("head", ColumnKind::Number),
    ("stage", ColumnKind::Number),
    ("block", ColumnKind::Number),
    ("score", ColumnKind::Number),
];

/// [`UNIT_COLUMNS`] as a table's columns.
#[must_use]
pub fn unit_columns() -> Vec<ColumnInfo> {
    let column = |&(name, kind)| ColumnInfo::new(name, kind);
    UNIT_COLUMNS.iter().map(column).collect()
}
