//! The statements of the language: a type each, with exactly its own fields; beside it stand its page of help with its
//! examples, how it is read, what it plans and how that is carried out. None knows another but `explain`, which plans any.
//!
//! A statement's file or folder has the name of its first word, except these:
//!
//! | statement | where |
//! |---|---|
//! | `let` | [`variable`] |
//! | `sweep` | [`align::sweep`] |
//! | `heatmap`, `segment` | [`maps`] |
//! | `contributions`, `representation` | [`vectors`] |
//!
//! `add` and `evaluate` have a statement for each second word, in the file of that name. What statements share is at the desk
//! ([`crate::desk`]); how to add one is in `src/README.md`.

pub mod ablate;
pub mod add;
pub mod align;
pub mod check;
pub mod classify;
pub mod compare;
pub mod decompose;
pub mod define;
pub mod describe;
pub mod drop;
pub mod evaluate;
pub mod explain;
pub mod features;
pub mod from;
pub mod help;
pub mod maps;
pub mod quit;
pub mod rank;
mod registry;
pub mod retrieve;
pub mod run;
pub mod set;
pub mod show;
pub mod spans;
pub mod sql;
pub mod variable;
pub mod vectors;

pub use self::registry::{Act, Query, Registry};
use crate::desk::statement::Form;

/// Every statement, in the order in which `help` lists them.
pub const STATEMENTS: Registry = Registry(&[
    Form::of::<rank::Rank>(),
    Form::of::<features::Features>(),
    Form::of::<spans::Spans>(),
    Form::of::<retrieve::Retrieve>(),
    Form::of::<maps::heatmap::Heatmap>(),
    Form::of::<maps::segment::Segment>(),
    Form::of::<classify::Classify>(),
    Form::of::<ablate::Ablate>(),
    Form::of::<compare::Compare>(),
    Form::of::<evaluate::ranking::EvaluateRanking>(),
    Form::of::<evaluate::retrieval::EvaluateRetrieval>(),
    Form::of::<evaluate::heatmaps::EvaluateHeatmaps>(),
    Form::of::<evaluate::ablation::EvaluateAblation>(),
    Form::of::<check::Check>(),
    Form::of::<add::model::AddModel>(),
    Form::of::<add::images::AddImages>(),
    Form::of::<decompose::Decompose>(),
    Form::of::<align::Align>(),
    Form::of::<align::sweep::Sweep>(),
    Form::of::<define::Define>(),
    Form::of::<show::Show>(),
    Form::of::<describe::Describe>(),
    Form::of::<vectors::Contributions>(),
    Form::of::<vectors::Representation>(),
    Form::of::<drop::Drop>(),
    Form::of::<from::From>(),
    Form::of::<sql::Sql>(),
    explain::FORM,
    Form::of::<set::Set>(),
    Form::of::<variable::Let>(),
    Form::of::<run::Run>(),
    Form::of::<help::Help>(),
    Form::of::<quit::Quit>(),
]);
