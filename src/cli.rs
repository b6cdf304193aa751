//! The command line: flags, where queries come from, and the exit code.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::{ArgAction, ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser};

use crate::cancel::Cancel;
use crate::doctor;
use crate::failure::{Exit, Failure, in_words};
use crate::front::{Engine, Launch, Source};
use crate::interrupt;
use crate::output::color::{Depth, When};
use crate::output::console::Console;
use crate::output::format::Format;
use crate::output::settings::Look;
use crate::picture::terminal::Images;
use crate::repl;
use crate::script::{OnError, Runner};

const EXAMPLES_AND_EXIT_CODES: &str = "\
Examples:
  vitscope demo                                     a guided tour, nothing to download
  vitscope                                          the prompt
  vitscope -c 'rank heads for texture in dinov2'    one query
  vitscope tour.vq --format json > answers.json     a script
  echo 'show models' | vitscope                     queries from a pipe

Answers go to stdout; notes, progress and errors to stderr.

Exit codes:
  0    every query was answered (also when the reader of a pipe leaves early)
  1    a query failed
  2    the command line or a script file is wrong
  3    the store, a model or an image set is missing
  130  cancelled with Ctrl-C

Environment:
  VITSCOPE_STORE, VITSCOPE_IMAGES, VITSCOPE_HISTORY, NO_COLOR, CLICOLOR_FORCE";

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

    /// How answers are written
    #[arg(long, value_name = "FORMAT", default_value = "table", global = true)]
    format: Format,

    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: When,

    /// How to show pictures
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        env = "VITSCOPE_IMAGES",
        global = true
    )]
    images: Images,

    /// Draw boxes and pictures with ASCII characters only
    #[arg(long, global = true)]
    ascii: bool,

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

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Take the guided tour on small models that come with the program
    Demo,
    /// Say what this installation and this terminal are, and why answers look as they do
    Doctor,
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
    let mut console = Console::stdio(flags.look());
    dispatch(&flags, &matches, &mut console, launch).unwrap_or_else(|failure| {
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
    console: &mut Console,
    launch: &mut dyn Launch,
) -> Result<Exit, Failure> {
    let inputs = flags.inputs(matches);
    if flags.subcommand.is_some() && !inputs.is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "`demo` and `doctor` take no scripts and no -c",
        ));
    }
    let store = flags.store.as_deref();
    match flags.subcommand {
        Some(Subcommand::Doctor) => doctor::run(console, launch, store),
        Some(Subcommand::Demo) => {
            let (mut engine, tour) = launch.demo()?;
            let echo = !flags.quiet;
            Ok(flags.run(engine.as_mut(), console, &[tour], echo))
        }
        None if inputs.is_empty() && io::stdin().is_terminal() => {
            let mut engine = launch.open(store)?;
            let cancel = cancel_on_interrupt(console);
            console.look.timer = !flags.quiet;
            Ok(repl::run(engine.as_mut(), console, &cancel, flags.quiet))
        }
        None => {
            // Read before anything runs: a mistyped file name should not show after an hour.
            let sources = if inputs.is_empty() {
                vec![stdin()?]
            } else {
                inputs.into_iter().map(read).collect::<Result<_, _>>()?
            };
            let mut engine = launch.open(store)?;
            Ok(flags.run(engine.as_mut(), console, &sources, false))
        }
    }
}

fn cancel_on_interrupt(console: &mut Console) -> Cancel {
    let cancel = Cancel::default();
    if let Err(error) = interrupt::install(cancel.clone()) {
        console.whisper(&format!("Ctrl-C will end the program at once: {error}"));
    }
    cancel
}

/// One place that queries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Input {
    Query(String),
    Script(PathBuf),
}

impl Flags {
    /// Queries and scripts in the order of the command line.
    fn inputs(&self, matches: &ArgMatches) -> Vec<Input> {
        let places = |name: &str| matches.indices_of(name).into_iter().flatten();
        let queries = self.command.iter().cloned().map(Input::Query);
        let scripts = self.scripts.iter().cloned().map(Input::Script);
        let mut all: Vec<(usize, Input)> = places("command").zip(queries).collect();
        all.extend(places("scripts").zip(scripts));
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, input)| input).collect()
    }

    /// Runs texts one after the other; the first failure decides the exit.
    fn run(
        &self,
        engine: &mut dyn Engine,
        console: &mut Console,
        sources: &[Source],
        echo: bool,
    ) -> Exit {
        let cancel = cancel_on_interrupt(console);
        let mut runner = Runner {
            engine,
            console,
            cancel: &cancel,
            on_error: self.on_error,
            echo,
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
        exit
    }

    /// How answers look on this process's streams.
    fn look(&self) -> Look {
        let mut look = Look::of_process(self.color, self.images);
        look.format = self.format;
        look.ascii |= self.ascii;
        look.progress = !self.quiet && !self.no_progress;
        // Ours is the only decision: the library that drives the terminal reads NO_COLOR by itself otherwise.
        crossterm::style::force_color_output(look.out_depth != Depth::Never);
        look
    }
}

fn read(input: Input) -> Result<Source, Failure> {
    match input {
        Input::Query(text) => Ok(Source {
            name: "-c".into(),
            text,
        }),
        Input::Script(path) if path == Path::new("-") => stdin(),
        Input::Script(path) => {
            let name = path.display().to_string();
            let bytes = fs::read(&path).map_err(|error| unreadable(&name, &error))?;
            source(name, bytes)
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    let failure = Failure::new(
        Exit::Usage,
        format!("the script “{name}” cannot be read: {}", in_words(error)),
    );
    if error.kind() == io::ErrorKind::NotFound && name.contains(' ') {
        failure.with_help(format!("to run a query, write: vitscope -c '{name}'"))
    } else {
        failure
    }
}

fn stdin() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable("stdin", &error))?;
    source("stdin".into(), bytes)
}

fn source(name: String, bytes: Vec<u8>) -> Result<Source, Failure> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) => Err(Failure::new(
            Exit::Usage,
            format!(
                "the script “{name}” is not UTF-8 text: byte {} is not part of a character",
                error.utf8_error().valid_up_to()
            ),
        )),
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
    fn queries_and_scripts_run_in_the_order_given() {
        let line = [
            "vitscope",
            "a.vq",
            "-c",
            "show models",
            "-",
            "-c",
            "check deit",
        ];
        let matches = Flags::command().get_matches_from(line);
        let flags = Flags::from_arg_matches(&matches).unwrap();
        let query = |text: &str| Input::Query(text.into());
        let script = |path: &str| Input::Script(path.into());
        assert_eq!(
            flags.inputs(&matches),
            [
                script("a.vq"),
                query("show models"),
                script("-"),
                query("check deit")
            ]
        );
    }

    #[test]
    fn options_may_stand_before_or_after_a_subcommand() {
        for line in [
            ["vitscope", "--format", "json", "doctor"],
            ["vitscope", "doctor", "--format", "json"],
        ] {
            let flags = Flags::try_parse_from(line).unwrap();
            assert_eq!(flags.format, Format::Json);
            assert!(matches!(flags.subcommand, Some(Subcommand::Doctor)));
        }
    }

    #[test]
    fn a_script_that_is_not_text_is_refused_in_one_sentence() {
        let failure = source("x.vq".into(), b"rank \xff".to_vec()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.to_string().contains("byte 5"));
    }
}
