//! What vitscope does besides running queries.

use clap::CommandFactory;

use super::{Flags, cancel_on_interrupt, usage};
use crate::cli::doctor;
use crate::config::{self, Config};
use crate::interface::answer::{Answer, Sink};
use crate::interface::engine::Launch;
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::console::Console;
use crate::tui::{self, theme::Theme};

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

    /// Does what was asked for.
    pub(super) fn run(
        &self,
        flags: &Flags,
        config: &Config,
        console: &mut Console,
        launch: &mut dyn Launch,
    ) -> Result<Exit, Failure> {
        let store = flags.store(config);
        match self {
            Self::Doctor => doctor::run(console, launch, store, config),
            Self::Demo if flags.read_only => Err(usage(
                "the demo prepares a store of its own, so it can't be --read-only",
            )),
            Self::Demo => {
                let (mut engine, tour) = launch.demo(config.device()?)?;
                let cancel = cancel_on_interrupt(console);
                let sources: Vec<Source> = flags.variables().into_iter().chain([tour]).collect();
                Ok(flags.run(engine.as_mut(), console, &cancel, &sources, !flags.quiet))
            }
            Self::Tui { theme, no_mouse } => {
                tui::terminal::check()?;
                let engine = launch.open(store, config.device()?, flags.read_only)?;
                let choices = tui::Choices {
                    theme: *theme,
                    mouse: !no_mouse,
                    graphics: Some(console.look.graphics()),
                    history: config.value("history").map(str::to_owned),
                };
                let cancel = cancel_on_interrupt(console);
                tui::run(engine, &console.look, choices, cancel)
            }
            Self::Config { action } => {
                match action {
                    ConfigAction::Show => {
                        console.look.rows = None;
                        console.answer(&Answer {
                            frame: config::table(config)?,
                            cached: true,
                            ..Answer::default()
                        })?;
                    }
                    // A wrong file didn't get this far.
                    ConfigAction::Validate => match &config.file {
                        Some(path) => console.narrate(&format!("{} is right", path.display())),
                        None => {
                            console.narrate("there is no configuration file; the defaults hold")
                        }
                    },
                    ConfigAction::Sample => console.raw(config::sample().as_bytes())?,
                }
                Ok(Exit::Success)
            }
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut Flags::command(), "vitscope", &mut script);
                console.raw(&script)?;
                Ok(Exit::Success)
            }
            Self::Man => {
                let mut page = Vec::new();
                clap_mangen::Man::new(Flags::command()).render(&mut page)?;
                console.raw(&page)?;
                Ok(Exit::Success)
            }
        }
    }
}
