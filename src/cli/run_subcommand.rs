//! Does what a subcommand asks for.

use clap::CommandFactory;

use super::flags::{Flags, usage};
use super::manual;
use super::run_queries::cancel_on_interrupt;
use super::subcommand::{ConfigAction, Subcommand};
use crate::config::{self, Config};
use crate::interface::answer::{Answer, Sink};
use crate::interface::engine::Launch;
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::console::Console;
use crate::repl::doctor;
use crate::tui;

/// Does what was asked for.
pub(super) fn run_subcommand(
    subcommand: &Subcommand,
    flags: &Flags,
    config: &Config,
    console: &mut Console,
    launch: &mut dyn Launch,
) -> Result<Exit, Failure> {
    match subcommand {
        Subcommand::Doctor => doctor::run(console, launch, flags.store(config), config),
        Subcommand::Demo => demo(flags, config, console, launch),
        Subcommand::Tui { theme, no_mouse } => {
            tui::terminal::check()?;
            let engine = launch.open(flags.store(config), config.device()?, flags.read_only)?;
            let options = tui::Options {
                theme: *theme,
                mouse: !no_mouse,
                graphics: Some(console.look.graphics()),
                history: config.value("history").map(str::to_owned),
            };
            let cancel = cancel_on_interrupt(console);
            tui::run(engine, &console.look, options, cancel)
        }
        Subcommand::Config { action } => configuration(*action, config, console),
        Subcommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Flags::command(), "vitscope", &mut script);
            console.raw(&script)?;
            Ok(Exit::Success)
        }
        Subcommand::Man => {
            console.raw(&manual::page()?)?;
            Ok(Exit::Success)
        }
    }
}

fn demo(
    flags: &Flags,
    config: &Config,
    console: &mut Console,
    launch: &mut dyn Launch,
) -> Result<Exit, Failure> {
    if flags.read_only {
        let why = "the demo prepares a store of its own, so it can't be --read-only";
        return Err(usage(why));
    }
    let (mut engine, tour) = launch.demo(config.device()?)?;
    let cancel = cancel_on_interrupt(console);
    let sources: Vec<Source> = flags.variables().into_iter().chain([tour]).collect();
    Ok(flags.run_queries(engine.as_mut(), console, &cancel, &sources, !flags.quiet))
}

fn configuration(
    action: ConfigAction,
    config: &Config,
    console: &mut Console,
) -> Result<Exit, Failure> {
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
            None => console.narrate("there is no configuration file; the defaults hold"),
        },
        ConfigAction::Sample => console.raw(config::sample().as_bytes())?,
    }
    Ok(Exit::Success)
}
