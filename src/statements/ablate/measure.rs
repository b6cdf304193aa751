//! What ablations are measured by.

use std::sync::Arc;

use crate::analysis::{Instead, Labels};
use crate::desk::classes::class_heads::{ClassHeadsOf, Judging, LinearHeadOf};
use crate::desk::classes::judging::Trial;
use crate::desk::images::halves::Halves;
use crate::desk::images::labels::{label_column, labels};
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::query::Prompt;
use crate::lang::resolve::{Names, Resolved, unknown};
use crate::lang::span::Spanned;
use crate::store::ImageSet;

/// What is measured.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// How well classes are told, by a linear head and by CLIP's texts.
    Accuracy {
        /// How the texts of classes are put.
        prompt: Prompt,
    },
    /// The cosine of what is left with the whole representation.
    Similarity,
    /// How well a probe that was fitted on whole representations tells the values of this column.
    Column(String),
}

/// A measure of every step, and of its controls.
pub(super) struct Measured {
    /// `accuracy`, `similarity`.
    pub name: String,
    /// By variant.
    pub values: Vec<f64>,
}

/// Measures, and what there is to say about them.
pub(super) struct Measures {
    pub measured: Vec<Measured>,
    pub notes: Vec<String>,
    /// Whether all texts had been embedded before.
    pub cached: bool,
}

/// The right to measure.
pub(super) enum MeasureOf {
    Accuracy {
        column: String,
        labels: Labels,
        heads: Box<ClassHeadsOf>,
    },
    Similarity(Rows),
    Column {
        column: String,
        labels: Labels,
        head: LinearHeadOf,
        judged: Rows,
    },
}

impl Measure {
    /// What a statement says after `measuring`.
    pub(super) fn read(
        said: &Clause,
        model: Spanned<&ModelInfo>,
        set: &str,
        names: &Names<'_>,
    ) -> Resolved<Self> {
        let measuring = said.clause("measuring");
        if measuring.is_some_and(|measuring| measuring.has("similarity")) {
            return Ok(Self::Similarity);
        }
        let Some(column) = measuring.and_then(|measuring| measuring.name_of(Role::Column)) else {
            let prompt = names.prompt(said, model, set)?;
            return Ok(Self::Accuracy { prompt });
        };
        match names.column_of(column, set) {
            // The other measures are as likely to have been meant as a column.
            Err(ResolveError::Unknown {
                role,
                name,
                mut known,
                span,
                ..
            }) => {
                known.extend(["accuracy", "similarity"].map(str::to_owned));
                Err(unknown(role, name, known, span))
            }
            found => found.map(Self::Column),
        }
    }

    /// What is measured, in a word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Similarity => "similarity",
            Self::Accuracy { .. } | Self::Column(_) => "accuracy",
        }
    }

    /// Plans to measure what is left when components are ablated.
    pub(super) fn plan(
        &self,
        set: &ImageSet,
        stored: &Arc<Stored>,
        halves: &Halves,
        planner: &mut Planner<'_>,
    ) -> Result<MeasureOf, DeskError> {
        Ok(match self {
            Self::Accuracy { prompt } => {
                let column = label_column(set, &planner.features(set.name())?)?;
                let labels = labels(set.frame(), &column)?;
                let heads = planner.class_heads(
                    &column,
                    &labels,
                    prompt,
                    stored,
                    halves,
                    Judging::Ablated,
                )?;
                MeasureOf::Accuracy {
                    column,
                    labels,
                    heads: Box::new(heads),
                }
            }
            Self::Similarity => {
                MeasureOf::Similarity(planner.judged(stored, halves, Judging::Ablated))
            }
            Self::Column(column) => MeasureOf::Column {
                column: column.clone(),
                labels: labels(set.frame(), column)?,
                head: planner.linear_head(column, stored, halves)?,
                judged: planner.judged(stored, halves, Judging::Ablated),
            },
        })
    }
}

impl MeasureOf {
    /// Measures what is left by variant, with `instead` in place of what is ablated.
    pub fn run(
        self,
        variants: &[Vec<usize>],
        instead: &Instead,
        desk: &mut Desk<'_>,
    ) -> Result<Measures, DeskError> {
        let trial = |rows| Trial {
            rows,
            variants,
            instead,
        };
        match self {
            Self::Similarity(rows) => Ok(Measures {
                measured: vec![Measured {
                    name: "similarity".to_owned(),
                    values: trial(&rows).similarities(desk)?,
                }],
                notes: vec!["similarity: the mean cosine with the whole representation".to_owned()],
                cached: true,
            }),
            Self::Column {
                column,
                labels,
                head,
                judged,
            } => {
                let head = head.fit(&labels, desk)?.ok_or_else(|| {
                    DeskError::refused(
                        format!("the images to fit on are of fewer than two values of `{column}`"),
                        "measure another column",
                    )
                })?;
                let note = format!(
                    "accuracy: of a linear probe of `{column}` that was fitted on whole representations"
                );
                Ok(Measures {
                    measured: vec![Measured {
                        name: "accuracy".to_owned(),
                        values: trial(&judged).accuracies(&head, &labels, desk)?,
                    }],
                    notes: vec![note],
                    cached: true,
                })
            }
            Self::Accuracy {
                column,
                labels,
                heads,
            } => {
                let heads = heads.take(&labels, desk)?;
                let mut measured = Vec::new();
                for head in &heads.heads {
                    measured.push(Measured {
                        name: head.name.to_owned(),
                        values: trial(&head.judged).accuracies(&head.linear, &labels, desk)?,
                    });
                }
                let note = format!(
                    "accuracy for `{column}`: of a linear head, and of CLIP's texts through the alignment"
                );
                Ok(Measures {
                    measured,
                    notes: std::iter::once(note).chain(heads.notes).collect(),
                    cached: heads.cached,
                })
            }
        }
    }
}
