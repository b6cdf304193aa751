//! Statements that can't be carried out with what there is.

use super::problem::{Problem, did_you_mean, join};
use crate::lang::expect::Role;
use crate::lang::span::Span;

/// The statement can't be carried out with the models, images and features there are.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // the fields are named in the messages
pub enum ResolveError {
    /// A name that names nothing.
    #[error("unknown {} `{name}`", role.noun())]
    Unknown {
        role: Role,
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
        span: Span,
    },
    /// There is no such decomposition to drop.
    #[error("there is no decomposition of {set} with {model}")]
    NothingToDrop {
        model: String,
        set: String,
        span: Span,
    },
    /// A unit the model doesn't have.
    #[error("{unit}: {model} has {has}")]
    OutOfRange {
        unit: String,
        model: String,
        has: String,
        span: Span,
    },
    /// A place of the wrong form for its unit.
    #[error("{message}")]
    BadPlace {
        message: String,
        example: String,
        span: Span,
    },
    /// No units are left to ask about.
    #[error("no unit of {model} satisfies the condition")]
    NoUnits { model: String, span: Span },
    /// There are no image sets at all.
    #[error("there are no images yet")]
    NoSets { span: Span },
    /// The statement doesn't say which set, and several could be meant.
    #[error("which images? {model} could be asked about {}", join(choices, "or"))]
    WhichSet {
        model: String,
        choices: Vec<String>,
        span: Span,
    },
    /// The statement doesn't say which model, and it isn't clear.
    #[error("which model? {}", if choices.is_empty() { "there is none to align".to_owned() } else { format!("it could be {}", join(choices, "or")) })]
    WhichModel { choices: Vec<String>, span: Span },
    /// The contributions asked about haven't been computed.
    #[error("{set} hasn't been decomposed with {model} yet")]
    NotDecomposed {
        model: String,
        set: String,
        span: Span,
    },
    /// A model that texts can't reach yet.
    #[error(
        "{model} hasn't been aligned to a CLIP model on {set} yet, so texts mean nothing to it"
    )]
    NotAligned {
        model: String,
        set: String,
        clip: Option<String>,
        span: Span,
    },
    /// The CLIP model asked for isn't the one aligned to.
    #[error("{model} has no text tower")]
    NotClip {
        model: String,
        clips: Vec<String>,
        span: Span,
    },
    /// A value of the wrong type.
    #[error("{message}")]
    WrongValue {
        message: String,
        expected: String,
        span: Span,
    },
    /// A part that the statement has no use for.
    #[error("{message}")]
    OutOfPlace {
        message: String,
        help: String,
        span: Span,
    },
    /// A test that mixes unit columns and image columns.
    #[error("`or` and `not` can't mix columns of units with columns of images")]
    MixedColumns { span: Span },
    /// A template without a blank.
    #[error("a template needs exactly one {{}} where the text goes")]
    NoBlank { span: Span },
}

impl Problem for ResolveError {
    fn span(&self) -> Span {
        match self {
            Self::Unknown { span, .. }
            | Self::NothingToDrop { span, .. }
            | Self::OutOfRange { span, .. }
            | Self::BadPlace { span, .. }
            | Self::NoUnits { span, .. }
            | Self::NoSets { span }
            | Self::WhichSet { span, .. }
            | Self::WhichModel { span, .. }
            | Self::NotDecomposed { span, .. }
            | Self::NotAligned { span, .. }
            | Self::NotClip { span, .. }
            | Self::WrongValue { span, .. }
            | Self::OutOfPlace { span, .. }
            | Self::MixedColumns { span }
            | Self::NoBlank { span } => *span,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Unknown { role, .. } => format!("expected {}", role.described()),
            Self::NothingToDrop { .. } => "not decomposed".to_owned(),
            Self::OutOfRange { .. } => "out of range".to_owned(),
            Self::BadPlace { example, .. } => format!("expected a place such as {example}"),
            Self::NoUnits { .. } => "true of none".to_owned(),
            Self::NoSets { .. } => "needs images".to_owned(),
            Self::WhichSet { .. } => "say on which images".to_owned(),
            Self::WhichModel { .. } => "say which model".to_owned(),
            Self::NotDecomposed { .. } => "not decomposed".to_owned(),
            Self::NotAligned { .. } => "not aligned".to_owned(),
            Self::NotClip { .. } => "not a CLIP model".to_owned(),
            Self::WrongValue { expected, .. } => format!("expected {expected}"),
            Self::OutOfPlace { .. } => "has no place here".to_owned(),
            Self::MixedColumns { .. } => "mixes the two".to_owned(),
            Self::NoBlank { .. } => "no single {} here".to_owned(),
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unknown {
                role,
                nearest,
                known,
                ..
            } => did_you_mean(nearest.as_deref()).or_else(|| Some(listing(*role, known))),
            Self::NoSets { .. } => Some("run `add images NAME from \"PATH\"` first".to_owned()),
            Self::WhichSet { choices, .. } => {
                let first = choices.first().map_or("SET", String::as_str);
                Some(format!(
                    "add `on {first}` to the statement, or `set images {first}` for all that follow"
                ))
            }
            Self::WhichModel { .. } => Some("add `in MODEL`".to_owned()),
            Self::NotDecomposed { model, set, .. } => {
                Some(format!("run `decompose {set} with {model}` first"))
            }
            Self::NotAligned {
                model, set, clip, ..
            } => Some(match clip {
                Some(clip) => format!("run `align {model} to {clip} on {set}` first"),
                None => format!(
                    "add a CLIP model (`add model clip from \"PATH\"`), then `align {model} to clip on {set}`"
                ),
            }),
            Self::NotClip { clips, .. } if clips.is_empty() => {
                Some("add a CLIP model with `add model clip from \"PATH\"`".to_owned())
            }
            Self::NotClip { clips, .. } => Some(format!("CLIP models: {}", clips.join(", "))),
            Self::OutOfPlace { help, .. } => Some(help.clone()),
            Self::MixedColumns { .. } => Some("join them with `and` instead".to_owned()),
            Self::NoBlank { .. } => Some("for example \"a photo of a {}\"".to_owned()),
            Self::OutOfRange { model, .. } | Self::NoUnits { model, .. } => {
                Some(format!("`show units in {model}` lists them"))
            }
            Self::BadPlace { .. } | Self::WrongValue { .. } | Self::NothingToDrop { .. } => None,
        }
    }

    fn nearest(&self) -> Option<&str> {
        match self {
            Self::Unknown { nearest, .. } => nearest.as_deref(),
            _ => None,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "resolve::unknown_name",
            Self::NothingToDrop { .. } => "resolve::nothing_to_drop",
            Self::OutOfRange { .. } => "resolve::out_of_range",
            Self::BadPlace { .. } => "resolve::bad_place",
            Self::NoUnits { .. } => "resolve::no_units",
            Self::NoSets { .. } => "resolve::no_images",
            Self::WhichSet { .. } => "resolve::which_images",
            Self::WhichModel { .. } => "resolve::which_model",
            Self::NotDecomposed { .. } => "resolve::not_decomposed",
            Self::NotAligned { .. } => "resolve::not_aligned",
            Self::NotClip { .. } => "resolve::not_clip",
            Self::WrongValue { .. } => "resolve::wrong_value",
            Self::OutOfPlace { .. } => "resolve::out_of_place",
            Self::MixedColumns { .. } => "resolve::mixed_columns",
            Self::NoBlank { .. } => "resolve::no_blank",
        }
    }
}

/// What there is instead of an unknown name, or how to make it.
fn listing(role: Role, known: &[String]) -> String {
    if !known.is_empty() {
        let shown = known.len().min(12);
        let or = if role == Role::Feature {
            "; or put it in quotes to ask about the words themselves"
        } else {
            ""
        };
        let more = if known.len() > shown { ", …" } else { "" };
        return format!("known: {}{more}{or}", known[..shown].join(", "));
    }
    match role {
        Role::Model | Role::Clip => "add one with `add model NAME from \"PATH\"`".to_owned(),
        Role::Set => "add one with `add images NAME from \"PATH\"`".to_owned(),
        Role::Feature => "define one with `define NAME as \"…\", \"…\"`".to_owned(),
        Role::Variable => "set one with `let NAME = VALUE`".to_owned(),
        Role::Result => "name an answer by adding `into NAME` to its statement".to_owned(),
        _ => "there are none yet".to_owned(),
    }
}
