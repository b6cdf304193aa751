//! What vitscope does besides running queries.

use crate::tui::theme::Theme;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    /// Take the guided tour on small models that come with the program
    Demo,
    /// The full-screen interface: query, results, unit map, pictures and catalog side by side
    Tui {
        /// The colours
        #[arg(long, value_name = "THEME", default_value = "dark")]
        theme: Theme,
        /// Leave clicks and the wheel to the terminal, so that it can select text
        #[arg(long)]
        no_mouse: bool,
    },
    /// Say what this installation and this terminal are, and why answers look as they do
    Doctor,
    /// Say what is configured and where, or check it
    Config {
        /// What to do
        #[arg(value_enum, default_value = "show")]
        action: ConfigAction,
    },
    /// Print a script that completes vitscope's flags in a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum ConfigAction {
    /// Every value and where it comes from
    Show,
    /// Whether the file is right; exit code 2 if not
    Validate,
    /// A file with every key explained, to start from
    Sample,
}

impl Subcommand {
    /// Whether it says the same whatever is configured.
    pub(super) fn is_fixed(&self) -> bool {
        match self {
            Self::Completions { .. } | Self::Man => true,
            Self::Config { action } => matches!(action, ConfigAction::Sample),
            _ => false,
        }
    }
}
