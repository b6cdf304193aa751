//! A run of the program: from the arguments to the exit code.

use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::{ArgMatches, ColorChoice, CommandFactory, FromArgMatches};

use super::flags::{Flags, usage};
use super::input::{Input, read, stdin};
use super::run_queries::cancel_on_interrupt;
use super::run_subcommand::run_subcommand;
use crate::config::{self, Config};
use crate::interface::engine::{Engine, Launch};
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::output::console::Console;
use crate::output::pick::Pick;
use crate::output::settings::Look;
use crate::repl;
use crate::work::cancel::Cancel;

/// Runs the command line of this process.
pub fn run(launch: &mut dyn Launch) -> Exit {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let command = Flags::command().color(help_colors(&arguments));
    let parsed = command
        .try_get_matches_from(arguments)
        .and_then(|matches| Ok((Flags::from_arg_matches(&matches)?, matches)));
    let (flags, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help into a closed pipe is as good as read.
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
        }
    };
    let mut console = Console::stdio(Look::of_process(
        flags.color.unwrap_or_default(),
        flags.images.unwrap_or_default(),
    ));
    console.look.progress = true;
    let outcome = flags.configure(&matches).and_then(|config| {
        config.apply(&mut console.look)?;
        flags.finish_look(&mut console);
        dispatch(&flags, &matches, &config, &mut console, launch)
    });
    outcome.unwrap_or_else(|failure| {
        console.failure(&failure);
        failure.exit
    })
}

/// `--color` also decides how help and usage errors look, which are written before flags are known.
fn help_colors(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = arguments.iter().filter_map(|a| a.to_str()).collect();
    let says = |value: &str| {
        words.contains(&format!("--color={value}").as_str())
            || words.windows(2).any(|pair| pair == ["--color", value])
    };
    if says("never") {
        ColorChoice::Never
    } else if says("always") {
        ColorChoice::Always
    } else {
        ColorChoice::Auto
    }
}

/// Runs a subcommand, or the queries and scripts and then perhaps the prompt.
fn dispatch(
    flags: &Flags,
    matches: &ArgMatches,
    config: &Config,
    console: &mut Console,
    launch: &mut dyn Launch,
) -> Result<Exit, Failure> {
    let inputs = flags.inputs(matches);
    if let Some(subcommand) = &flags.subcommand {
        if !inputs.is_empty() || flags.interactive {
            return Err(usage("subcommands take no scripts, no -c and no -i"));
        }
        return run_subcommand(subcommand, flags, config, console, launch);
    }
    let store = flags.store(config);
    let on_terminal = io::stdin().is_terminal();
    if flags.interactive && !on_terminal {
        return Err(usage("-i needs a terminal to type on; stdin is none"));
    }
    let prompt = flags.interactive || (inputs.is_empty() && on_terminal);
    // Read before anything runs: a mistyped file name should not show after an hour.
    let mut sources = flags.variables();
    if inputs.is_empty() && !prompt {
        sources.push(stdin()?);
    }
    for input in inputs {
        sources.push(read(input)?);
    }
    let init = match prompt && !flags.no_init {
        true => config::init_script(),
        false => None,
    };
    let init = init.map(|path| read(Input::Script(path))).transpose()?;
    let mut engine = launch.open(store, config.device()?, flags.read_only)?;
    let cancel = cancel_on_interrupt(console);
    let exit = flags.run_queries(engine.as_mut(), console, &cancel, &sources, false);
    if !prompt {
        return Ok(exit);
    }
    Ok(open_prompt(
        flags,
        config,
        engine.as_mut(),
        console,
        &cancel,
        init,
    ))
}

/// Runs the prompt with what it shows besides answers, unless that was configured.
fn open_prompt(
    flags: &Flags,
    config: &Config,
    engine: &mut dyn Engine,
    console: &mut Console,
    cancel: &Cancel,
    init: Option<Source>,
) -> Exit {
    // `--result` is about the queries of the command line.
    console.pick = Pick::All;
    let options = repl::Options::of(config, flags.quiet, init);
    if config.get("timer").is_none() {
        console.look.timer = !flags.quiet;
    }
    if config.get("pager").is_none() {
        console.look.pager = true;
    }
    repl::run(engine, console, cancel, &options)
}
