//! Why a task could not be carried out: the error of the stage that failed, or a sentence of the engine's own.

use std::ops::Range;

use crate::align::AlignError;
use crate::analysis::AnalysisError;
use crate::contributions::ReadError;
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::DeviceError;
use crate::store::StoreError;
use crate::text::TextError;
use crate::vision::error::CheckpointError;
use crate::vision::hub::HubError;
use crate::work::cancel::Cancelled;

/// Any stage's error.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Reading or writing the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reading a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Embedding texts.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Fitting an alignment.
    #[error(transparent)]
    Align(#[from] AlignError),
    /// Scoring.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Making the device ready that models run on.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Running a model.
    #[error("the model could not be run: {0}")]
    Tensor(#[from] candle_core::Error),
    /// Working on a table.
    #[error("the table could not be worked on: {0}")]
    Table(#[from] polars::prelude::PolarsError),
    /// Stopped by the user.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// Stopped by the user, with what that means.
    #[error("cancelled")]
    Stopped {
        /// What to do.
        help: String,
    },
    /// Handing out an answer.
    #[error("the answer could not be written: {0}")]
    Output(std::io::Error),
    /// SQL that can't be run.
    #[error("{message}")]
    Sql {
        /// What is wrong, in one sentence.
        message: String,
        /// Where it is in the source of the statement, where that is known.
        place: Option<Range<usize>>,
        /// What to do.
        help: Option<String>,
    },
    /// Something this version does not do, or that makes no sense with these data.
    #[error("{message}")]
    Refused {
        /// What is wrong, in one sentence.
        message: String,
        /// What to do.
        help: Option<String>,
    },
}

impl DeskError {
    /// A refusal with advice.
    pub fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
            help: Some(help.into()),
        }
    }

    /// Whether the user stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        if let Self::Checkpoint(CheckpointError::Hub(error)) = self {
            return matches!(**error, HubError::Cancelled(_));
        }
        matches!(
            self,
            Self::Cancelled(_)
                | Self::Stopped { .. }
                | Self::Store(StoreError::Cancelled(_))
                | Self::Text(TextError::Cancelled(_))
                | Self::Align(AlignError::Cancelled(_))
                | Self::Analysis(AnalysisError::Cancelled(_))
        )
    }

    /// Whether something that was asked for is not there at all.
    fn is_missing(&self) -> bool {
        let missing = |error: &StoreError| {
            matches!(
                error,
                StoreError::Unknown { .. }
                    | StoreError::NotDecomposed { .. }
                    | StoreError::NoImages { .. }
            ) || matches!(error, StoreError::Io { doing: "read", source, .. } if source.kind() == std::io::ErrorKind::NotFound)
        };
        match self {
            Self::Store(error) => missing(error),
            Self::Checkpoint(error) => {
                matches!(
                    error,
                    CheckpointError::NotAFolder(_)
                        | CheckpointError::NoConfig(_)
                        | CheckpointError::NotHere(_)
                        | CheckpointError::Hub(_)
                )
            }
            _ => false,
        }
    }
}

impl From<ReadError> for DeskError {
    fn from(error: ReadError) -> Self {
        Self::Analysis(error.into())
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        let error = match error {
            DeskError::Stopped { help } => return Self::from(Cancelled).with_help(help),
            DeskError::Output(error) => return error.into(),
            error if error.is_cancelled() => return Cancelled.into(),
            error => error,
        };
        let exit = if error.is_missing() {
            Exit::Missing
        } else {
            Exit::Query
        };
        let mut failure = Self::new(exit, error.to_string());
        match error {
            DeskError::Refused { help, .. } => failure.diagnosis.help = help,
            DeskError::Device(error) => failure.diagnosis.help = Some(error.help()),
            DeskError::Sql { place, help, .. } => {
                failure.diagnosis.code = Some("sql".to_owned());
                failure.diagnosis.labels =
                    place.map(|at| (at, String::new())).into_iter().collect();
                failure.diagnosis.help = help;
            }
            _ => {}
        }
        failure
    }
}
