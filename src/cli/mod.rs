//! The command line: flags, where queries come from, and the exit code.

mod choose;
pub mod doctor;
mod input;
mod subcommand;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::{ArgAction, ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser};

use self::choose::assignment;
use self::input::{Input, read, stdin};
use self::subcommand::Subcommand;
use crate::config::{self, Config};
use crate::interface::engine::{Engine, Launch};
use crate::interface::failure::{Exit, Failure};
use crate::interface::source::Source;
use crate::kernels::device::Choice;
use crate::output::color::When;
use crate::output::console::Console;
use crate::output::format::Format;
use crate::output::pick::Pick;
use crate::output::settings::Look;
use crate::picture::terminal::Images;
use crate::repl::script::{OnError, Runner};
use crate::repl::{self, Manner};
use crate::work::cancel::Cancel;
use crate::work::interrupt;

const EXAMPLES_AND_EXIT_CODES: &str = "\
Examples:
  vitscope demo                                     a guided tour, nothing to download
  vitscope                                          the prompt
  vitscope -c 'rank heads for texture in dinov2'    one query
  vitscope tour.vq --format json > answers.json     a script
  vitscope --set n=5 top.vq                         a script that uses $n
  echo 'show models' | vitscope                     queries from a pipe

Answers go to stdout; notes, progress and errors to stderr.

Exit codes:
  0    every query was answered (also when the reader of a pipe leaves early)
  1    a query failed
  2    the command line or a script file is wrong
  3    the store, a model or an image set is missing
  130  cancelled with Ctrl-C

Configuration:
  `vitscope config show` prints every value and where it comes from, `vitscope config sample` a file to start from

Environment:
  VITSCOPE_STORE, VITSCOPE_DEVICE, VITSCOPE_IMAGES, VITSCOPE_PROBE_MS, VITSCOPE_HISTORY, VITSCOPE_CONFIG, PAGER, VISUAL, EDITOR, NO_COLOR, CLICOLOR_FORCE";

/// Ask what each part of a vision transformer contributes to an image representation, in words.
#[derive(Debug, Parser)]
#[command(name = "vitscope", version, max_term_width = 100, after_help = EXAMPLES_AND_EXIT_CODES)]
pub struct Flags {
    /// Query scripts to run, in order; `-` is stdin. Without any, and without -c, the prompt
    #[arg(value_name = "SCRIPT")]
    scripts: Vec<PathBuf>,

    /// Run a query; may be repeated, and runs in the order given
    #[arg(short, long, value_name = "QUERY", action = ArgAction::Append)]
    command: Vec<String>,

    /// The store: a directory with image sets, decompositions and alignments
    #[arg(long, value_name = "DIR", env = "VITSCOPE_STORE", global = true)]
    store: Option<PathBuf>,

    /// Where models run: cpu, cuda, cuda:N or metal [default: cpu]
    #[arg(long, value_name = "DEVICE", global = true)]
    device: Option<Choice>,

    /// Refuse statements that change the store
    #[arg(long, global = true)]
    read_only: bool,

    /// How answers are written [default: table]
    #[arg(long, value_name = "FORMAT", global = true)]
    format: Option<Format>,

    /// When to use colours [default: auto]
    #[arg(long, value_name = "WHEN", global = true)]
    color: Option<When>,

    /// How to show pictures [default: auto]
    #[arg(long, value_name = "HOW", global = true)]
    images: Option<Images>,

    /// Draw boxes and pictures with ASCII characters only
    #[arg(long, global = true)]
    ascii: bool,

    /// Which answers are written: all, last, or the one of this number
    #[arg(long, value_name = "WHICH", default_value = "all", global = true)]
    result: Pick,

    /// A variable, for $NAME in queries; may be repeated
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append, value_parser = assignment, global = true)]
    set: Vec<(String, String)>,

    /// The prompt, after the queries and scripts
    #[arg(short, long)]
    interactive: bool,

    /// Read this configuration file in place of the user's, or of the one that VITSCOPE_CONFIG names
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,

    /// Do not run the start script of the prompt, `init.vq` in the user's configuration folder
    #[arg(long)]
    no_init: bool,

    /// What a failed query does to those after it
    #[arg(long, value_name = "WHAT", default_value = "stop", global = true)]
    on_error: OnError,

    /// No banner, no timing, no progress bar
    #[arg(short, long, global = true)]
    quiet: bool,

    /// No progress bar
    #[arg(long, global = true)]
    no_progress: bool,

    #[command(subcommand)]
    subcommand: Option<Subcommand>,
}

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
        return subcommand.run(flags, config, console, launch);
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
    let exit = flags.run(engine.as_mut(), console, &cancel, &sources, false);
    if !prompt {
        return Ok(exit);
    }
    // `--result` is about the queries of the command line.
    console.pick = Pick::All;
    let manner = Manner::of(config, flags.quiet, init);
    if config.get("timer").is_none() {
        console.look.timer = !flags.quiet;
    }
    if config.get("pager").is_none() {
        console.look.pager = true;
    }
    Ok(repl::run(engine.as_mut(), console, &cancel, &manner))
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

fn cancel_on_interrupt(console: &mut Console) -> Cancel {
    let cancel = Cancel::default();
    if let Err(error) = interrupt::install(cancel.clone()) {
        console.whisper(&format!("Ctrl-C will end the program at once: {error}"));
    }
    cancel
}

impl Flags {
    /// Runs texts one after the other; the first failure decides the exit.
    fn run(
        &self,
        engine: &mut dyn Engine,
        console: &mut Console,
        cancel: &Cancel,
        sources: &[Source],
        echo: bool,
    ) -> Exit {
        let mut runner = Runner {
            engine,
            console,
            cancel,
            on_error: self.on_error,
            echo,
            succeeded: Vec::new(),
        };
        let mut exit = Exit::Success;
        for source in sources {
            let outcome = runner.run(source);
            if exit == Exit::Success {
                exit = outcome.exit;
            }
            if !outcome.goes_on {
                break;
            }
        }
        if let Err(error) = runner.console.finish() {
            let failure = Failure::from(error);
            runner.console.failure(&failure);
            return if exit == Exit::Success {
                failure.exit
            } else {
                exit
            };
        }
        exit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Flags::command().debug_assert();
    }

    #[test]
    fn options_may_stand_before_or_after_a_subcommand() {
        for line in [
            ["vitscope", "--format", "json", "doctor"],
            ["vitscope", "doctor", "--format", "json"],
        ] {
            let flags = Flags::try_parse_from(line).unwrap();
            assert_eq!(flags.format, Some(Format::Json));
            assert!(matches!(flags.subcommand, Some(Subcommand::Doctor)));
        }
    }
}
