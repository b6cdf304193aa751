//! The syntax tree: what was written, word for word, each word with its place. Nothing here is looked up yet; names may
//! name nothing and numbers may be out of range until [`super::resolve`] has seen them.

mod terms;

pub use self::terms::{
    Aggregate, Check, Comparison, Concept, Condition, ImageRef, Joint, Part, Place, Selection,
    SortKey, Stage, Term, Test, UnitKind, Units,
};
use super::span::Spanned;
use crate::kernels::Numbers;

/// A literal as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `5`, `0.1`.
    Number(f64),
    /// `"rough texture"`.
    Text(String),
    /// A bare name, or one in backticks.
    Word(String),
    /// `$name`.
    Variable(String),
}

/// A place for a name, number or text: the grammar says which, and a variable may stand in for any.
pub type Slot = Spanned<Value>;

/// A whole statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does.
    pub body: Body,
    /// `| …`, in order.
    pub stages: Vec<Stage>,
    /// `into NAME`.
    pub into: Option<Slot>,
}

/// What a statement does. Field names follow the words of the statement.
#[allow(missing_docs)] // the fields are the words of the statement
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `add model NAME from "PATH"`
    AddModel { name: Slot, path: Slot },
    /// `add images NAME from "PATH" with "labels.csv"`
    AddImages {
        name: Slot,
        path: Slot,
        labels: Option<Slot>,
    },
    /// `decompose SET with MODEL, … precision f16 forward bf16 batch 16 layers last 5 tokens`
    Decompose {
        set: Slot,
        models: Vec<Slot>,
        options: DecomposeOptions,
    },
    /// `align MODEL to CLIP on SET lambda X seed N`
    Align {
        model: Slot,
        clip: Slot,
        on: Option<Slot>,
        lambda: Option<Slot>,
        seed: Option<Slot>,
    },
    /// `sweep lambda A to B …`
    Sweep(Sweep),
    /// `define` (lists) or `define NAME as "…", …`
    Define(Option<(Slot, Vec<Slot>)>),
    /// `show …`
    Show(Listing),
    /// `describe NAME`
    Describe(Slot),
    /// `describe UNIT in MODEL`
    DescribeUnit { unit: Spanned<Units>, model: Slot },
    /// `check MODEL on SET`
    Check { model: Slot, on: Option<Slot> },
    /// `drop decomposition MODEL on SET`
    Drop { model: Slot, set: Slot },
    /// `set KEY VALUE`
    Set { key: Slot, value: Slot },
    /// `let NAME = VALUE`
    Let { name: Slot, value: Slot },
    /// `run "FILE"`
    Run(Slot),
    /// `help`, `help TOPIC`
    Help(Option<Slot>),
    /// `sql "…"`
    Sql(Slot),
    /// `from NAME`
    From(Slot),
    /// `explain STATEMENT`
    Explain(Box<Spanned<Statement>>),
    /// `quit`
    Quit,
    /// Everything that asks about models.
    Ask(Box<Question>),
}

/// `sweep lambda A to B in MODEL to CLIP on SET seed N`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The least lambda.
    pub from: Slot,
    /// The greatest lambda.
    pub to: Slot,
    /// The model to align.
    pub model: Option<Slot>,
    /// The CLIP model to align it to.
    pub clip: Option<Slot>,
    /// The images.
    pub on: Option<Slot>,
    /// The seed.
    pub seed: Option<Slot>,
}

/// Which question a [`Question`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `rank UNITS for CONCEPTS in MODELS`
    Rank,
    /// `compare UNITS for CONCEPTS in MODELS`
    Compare,
    /// `features of UNITS in MODEL`
    Features,
    /// `spans of UNITS in MODEL`
    Spans,
    /// `retrieve N images for CONCEPTS in MODEL`, or `… like IMAGE by CONCEPT …`
    Retrieve,
    /// `heatmap of IMAGE for CONCEPTS in MODEL`
    Heatmap,
    /// `segment SET for CONCEPTS in MODEL`
    Segment,
    /// `classify SET by COLUMN in MODEL`
    Classify,
    /// `ablate SELECTION cumulatively in MODEL measuring MEASURE`
    Ablate,
    /// `evaluate ranking of UNITS …`
    EvaluateRanking,
    /// `evaluate retrieval …`
    EvaluateRetrieval,
    /// `evaluate heatmaps …`
    EvaluateHeatmaps,
    /// `evaluate ablation of UNITS …`
    EvaluateAblation,
    /// `contributions of UNITS in MODEL aligned`
    Contributions,
    /// `representation of MODEL aligned`
    Representation,
}

/// A question about models. Which parts it has depends on [`Asked`]; the grammar sees to that.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Which question.
    pub asked: Asked,
    /// The units asked about.
    pub units: Vec<Spanned<Units>>,
    /// The concepts asked about.
    pub concepts: Vec<Spanned<Concept>>,
    /// The models asked, at least one.
    pub models: Vec<Slot>,
    /// How many images to retrieve.
    pub count: Option<Slot>,
    /// The image to explain, or to find others like.
    pub image: Option<Spanned<ImageRef>>,
    /// The set to segment or classify.
    pub set: Option<Slot>,
    /// The column to classify by.
    pub column: Option<Slot>,
    /// The components to ablate.
    pub ablated: Option<Selection>,
    /// `cumulatively`
    pub cumulatively: bool,
    /// `measuring …`
    pub measure: Option<Measure>,
    /// `aligned`
    pub aligned: bool,
    /// The options at its end.
    pub options: Options,
}

/// What `show` lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Listing {
    /// The models.
    Models,
    /// The image sets.
    Images,
    /// The features.
    Features,
    /// The named results.
    Results,
    /// The settings and variables.
    Settings,
    /// The units of a model.
    Units(Slot),
}

/// Options of `decompose`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecomposeOptions {
    /// `precision f16`
    pub precision: Option<Precision>,
    /// `forward bf16`
    pub forward: Option<Numbers>,
    /// `batch 16`
    pub batch: Option<Slot>,
    /// `layers last 5`
    pub last_layers: Option<Slot>,
    /// `tokens`
    pub tokens: bool,
}

/// The number format that pooled rows are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 16-bit floats.
    F16,
    /// 32-bit floats.
    F32,
}

/// Options at the end of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// `on SET`
    pub on: Option<Slot>,
    /// `by SCORE`
    pub by: Option<Slot>,
    /// `where …`
    pub filter: Option<Spanned<Condition>>,
    /// `limit N`
    pub limit: Option<Slot>,
    /// `seed K`
    pub seed: Option<Slot>,
    /// `template …`
    pub template: Option<Template>,
    /// `using …`
    pub using: Option<Selection>,
    /// `without …`
    pub without: Option<Selection>,
    /// `via head L.H`
    pub via: Option<Spanned<Units>>,
    /// `with mean | zero | resample`
    pub replacement: Option<Replacement>,
    /// `with stability`
    pub stability: bool,
    /// `per head`
    pub per_head: bool,
    /// `as paper`
    pub paper: bool,
}

/// What texts are put into before they are embedded.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// The built-in prompt templates.
    Default,
    /// The texts as they are.
    None,
    /// Texts with a blank `{}` in each.
    Texts(Vec<Slot>),
}

/// What an ablated contribution is replaced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// Its mean over the images.
    Mean,
    /// Nothing.
    Zero,
    /// That of another image.
    Resample,
}

/// What an ablation measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// Accuracy of the zero-shot classifier.
    Accuracy,
    /// Cosine with the whole representation.
    Similarity,
    /// How much of a column's attribute a probe can still read.
    Column(Slot),
}
