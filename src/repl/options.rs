//! How the prompt behaves.

use crate::config::Config;
use crate::interface::source::Source;

/// How the prompt behaves.
#[derive(Debug, Default)]
pub struct Options {
    /// What it says at its start: `long`, `short`, `off`.
    pub banner: String,
    /// Whether its keys are those of vi.
    pub vi: bool,
    /// What was configured.
    pub config: Config,
    /// A script to run first.
    pub init: Option<Source>,
}

impl Options {
    /// As configured; `quiet` says nothing at the start.
    #[must_use]
    pub fn of(config: &Config, quiet: bool, init: Option<Source>) -> Self {
        let banner = if quiet {
            Some("off")
        } else {
            config.value("banner")
        };
        Self {
            banner: banner.unwrap_or("long").to_owned(),
            vi: config.value("edit-mode") == Some("vi"),
            config: config.clone(),
            init,
        }
    }
}
