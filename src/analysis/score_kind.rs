//! The kinds of score. What queries call those that can be asked for is in `lang::query::Score`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// Mean over axes of the Pearson correlation between the unit's projection and the total's: the paper's score.
    #[default]
    Correlation,
    /// The same as released code prints it, with its factor (n − 1)/n.
    CorrelationAsReleased,
    /// Share of the unit's own variance that lies in the feature's subspace, in [0, 1].
    VarianceShare,
    /// Share of the total's variance in the subspace that comes from the unit: tr cov(s, t) / tr cov(t, t). Over all
    /// components it sums to 1; a unit that works against the rest has a negative share.
    CovarianceShare,
    /// tr cov(s, t) / √(tr cov(s, s) · tr cov(t, t)): a correlation that no choice of axes changes.
    TraceCorrelation,
    /// Mean over axes of Spearman's rank correlation between the unit's projection and the total's.
    Spearman,
}

impl ScoreKind {
    /// The word used in errors; queries and tables have that of `lang::query::Score`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Correlation => "correlation",
            Self::CorrelationAsReleased => "parity",
            Self::VarianceShare => "variance",
            Self::CovarianceShare => "share",
            Self::TraceCorrelation => "trace",
            Self::Spearman => "spearman",
        }
    }
}

impl fmt::Display for ScoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
