//! The command line: flags, where queries come from, and the exit code.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, ColorChoice, CommandFactory, FromArgMatches, Parser};

use crate::answer::{Answer, Sink};
use crate::cancel::Cancel;
use crate::config::{self, Config, Origin};
use crate::doctor;
use crate::failure::{Exit, Failure, in_words};
use crate::front::{Engine, Launch, Source};
use crate::interrupt;
use crate::output::color::{Depth, When, process_env};
use crate::output::console::Console;
use crate::output::format::Format;
use crate::output::pick::Pick;
use crate::output::settings::Look;
use crate::picture::terminal::Images;
use crate::repl::{self, Manner};
use crate::script::{OnError, Runner};

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
  VITSCOPE_STORE, VITSCOPE_IMAGES, VITSCOPE_HISTORY, VITSCOPE_CONFIG, PAGER, VISUAL, EDITOR, NO_COLOR, CLICOLOR_FORCE";

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
    #[arg(long, value_name = "HOW", env = "VITSCOPE_IMAGES", global = true)]
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

    /// Read this configuration file in place of the user's
    #[arg(long, value_name = "FILE", env = "VITSCOPE_CONFIG", global = true)]
    config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    no_config: bool,

    /// Do not run the start script of the prompt, `init.vq` beside the configuration file
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

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    /// Take the guided tour on small models that come with the program
    Demo,
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
enum ConfigAction {
    /// Every value and where it comes from
    Show,
    /// Whether the file is right; exit code 2 if not
    Validate,
    /// A file with every key explained, to start from
    Sample,
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
        return run_subcommand(subcommand, flags, config, console, launch);
    }
    let store = config.value("store").map(Path::new);
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
    let init = match config::init_script().filter(|_| prompt && !flags.no_init) {
        Some(path) => Some(read(Input::Script(path))?),
        None => None,
    };
    let mut engine = launch.open(store, flags.read_only)?;
    let cancel = cancel_on_interrupt(console);
    let exit = flags.run(engine.as_mut(), console, &cancel, &sources, false);
    if !prompt {
        return Ok(exit);
    }
    let manner = Manner::of(config, flags.quiet, init);
    for key in ["timer", "pager"] {
        if config.get(key).is_none() {
            let on = if key == "timer" && flags.quiet {
                "off"
            } else {
                "on"
            };
            console.look.set(key, on).map_err(usage)?;
        }
    }
    Ok(repl::run(engine.as_mut(), console, &cancel, &manner))
}

fn run_subcommand(
    subcommand: &Subcommand,
    flags: &Flags,
    config: &Config,
    console: &mut Console,
    launch: &mut dyn Launch,
) -> Result<Exit, Failure> {
    let store = config.value("store").map(Path::new);
    match subcommand {
        Subcommand::Doctor => doctor::run(console, launch, store, config),
        Subcommand::Demo if flags.read_only => Err(usage(
            "the demo prepares a store of its own, so it can't be --read-only",
        )),
        Subcommand::Demo => {
            let (mut engine, tour) = launch.demo()?;
            let cancel = cancel_on_interrupt(console);
            let sources: Vec<Source> = flags.variables().into_iter().chain([tour]).collect();
            Ok(flags.run(engine.as_mut(), console, &cancel, &sources, !flags.quiet))
        }
        Subcommand::Config { action } => {
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
        Subcommand::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Flags::command(), "vitscope", &mut script);
            console.raw(&script)?;
            Ok(Exit::Success)
        }
        Subcommand::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Flags::command()).render(&mut page)?;
            console.raw(&page)?;
            Ok(Exit::Success)
        }
    }
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

/// `name=value` of `--set`.
fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is NAME=VALUE")?;
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    if !begins || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err("NAME is letters, digits and `_`, a letter first".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
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

    /// The statements that `--set` stands for: a number where the value is one, else a text.
    fn variables(&self) -> Vec<Source> {
        let statement = |(name, value): &(String, String)| {
            let quoted = || format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            let plain = |c: char| c.is_ascii_digit() || c == '.';
            let number =
                value.parse::<f64>().is_ok() && value.trim_start_matches('-').chars().all(plain);
            let value = if number { value.clone() } else { quoted() };
            Source {
                name: "--set".to_owned(),
                text: format!("let {name} = {value}"),
            }
        };
        self.set.iter().map(statement).collect()
    }

    /// The configuration file of this run.
    fn config_file(&self) -> Option<PathBuf> {
        match (self.no_config, &self.config) {
            (true, _) => None,
            (false, Some(path)) => Some(path.clone()),
            (false, None) => config::default_file(),
        }
    }

    /// What is chosen by file, environment and flags.
    fn configure(&self, matches: &ArgMatches) -> Result<Config, Failure> {
        let mut config = match self.config_file() {
            Some(path) => Config::read(&path)?,
            None => Config::default(),
        };
        config::from_environment(&mut config, &process_env);
        let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if let Some(store) = self.store.as_ref().filter(|_| given("store")) {
            let store = store.to_string_lossy();
            config.choose("store", store, Origin::Flag("--store"));
        }
        let words = [
            (
                "format",
                "--format",
                self.format.map(|f| f.word().to_owned()),
            ),
            ("images", "--images", self.images.map(|i| word_of(&i))),
            ("color", "--color", self.color.map(|c| word_of(&c))),
        ];
        for (key, flag, word) in words {
            if let Some(word) = word.filter(|_| given(key)) {
                config.choose(key, word, Origin::Flag(flag));
            }
        }
        for (flag, on) in [("--no-progress", self.no_progress), ("--quiet", self.quiet)] {
            if on {
                config.choose("progress", "off", Origin::Flag(flag));
            }
        }
        Ok(config)
    }

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

    /// What flags say about the streams that no key of the configuration does.
    fn finish_look(&self, console: &mut Console) {
        console.pick = self.result.clone();
        let look = &mut console.look;
        look.ascii |= self.ascii;
        // Ours is the only decision: the library that drives the terminal reads NO_COLOR by itself otherwise.
        crossterm::style::force_color_output(look.out_depth != Depth::Never);
    }
}

/// The word that a flag's value is written as.
fn word_of<T: clap::ValueEnum>(value: &T) -> String {
    let named = value.to_possible_value();
    named.map_or(String::new(), |named| named.get_name().to_owned())
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
    fn variables_become_statements_that_mean_the_same() {
        let flags = Flags::try_parse_from([
            "vitscope",
            "--set",
            "n=5",
            "--set",
            "t=a \"b\" \\c",
            "--set",
            "e=",
            "--set",
            "v=1e999",
        ]);
        let texts: Vec<String> = flags
            .unwrap()
            .variables()
            .into_iter()
            .map(|s| s.text)
            .collect();
        assert_eq!(texts[0], "let n = 5");
        assert_eq!(texts[1], r#"let t = "a \"b\" \\c""#);
        assert_eq!(texts[3], "let v = \"1e999\"");
        for wrong in ["n", "=5", "5=5", "a b=1"] {
            assert!(
                Flags::try_parse_from(["vitscope", "--set", wrong]).is_err(),
                "{wrong}"
            );
        }
        for text in texts {
            crate::lang::script::parse_statement(&text).unwrap();
        }
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

    #[test]
    fn a_script_that_is_not_text_is_refused_in_one_sentence() {
        let failure = source("x.vq".into(), b"rank \xff".to_vec()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.to_string().contains("byte 5"));
    }
}
