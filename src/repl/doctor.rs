//! `vitscope doctor` and `.doctor`: what this installation and this terminal are, and why answers look as they do.

use std::io::{self, IsTerminal};
use std::path::Path;

use polars::prelude::{DataFrame, NamedFrom, Series};

use super::history;
use crate::config::{self, Config};
use crate::interface::answer::{Answer, Sink};
use crate::interface::engine::Launch;
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::{self, Choice};
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;
use crate::output::format::Format;
use crate::picture::terminal;

/// Answers with a table of facts; the store may be missing, everything else is still said.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(
    console: &mut Console,
    launch: &mut dyn Launch,
    store: Option<&Path>,
    config: &Config,
) -> Result<Exit, Failure> {
    let (of_store, exit) = match launch.open(store, Choice::Cpu, true) {
        Ok(engine) => (engine.facts(), Exit::Success),
        Err(failure) => {
            let help = failure.diagnosis.help.clone().unwrap_or_default();
            let fact = ["store".into(), failure.to_string(), help];
            (vec![fact], failure.exit)
        }
    };
    report(console, config, of_store)?;
    Ok(exit)
}

/// The facts as a table, those about the store last.
///
/// # Errors
/// As [`run`].
pub fn report(
    console: &mut Console,
    config: &Config,
    of_store: Vec<[String; 3]>,
) -> Result<(), Failure> {
    let mut facts = about_the_program(config);
    facts.extend(about_the_terminal(console));
    facts.extend(of_store);
    let column = |name: &str, at: usize| {
        let texts: Vec<&str> = facts.iter().map(|fact| fact[at].as_str()).collect();
        Series::new(name.into(), texts).into()
    };
    let frame = DataFrame::new_infer_height(vec![
        column("what", 0),
        column("value", 1),
        column("why", 2),
    ])
    .map_err(|error| Failure::new(Exit::Query, error.to_string()))?;
    // Facts are for copying into a bug report: nothing is cut away.
    let look = console.look.clone();
    console.look.rows = None;
    if console.look.format == Format::Table {
        console.look.width = Some(usize::MAX);
    }
    let written = console.answer(&Answer {
        frame,
        ..Answer::default()
    });
    console.look = look;
    Ok(written?)
}

fn about_the_program(config: &Config) -> Vec<[String; 3]> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (history, why) = match history::path(config.value("history")) {
        Ok(Some((path, why))) => (path.display().to_string(), why),
        Ok(None) => ("none".into(), "history is off".into()),
        Err(error) => ("none".into(), error.to_string()),
    };
    let configuration = match &config.file {
        Some(path) => path.display().to_string(),
        None => "none".into(),
    };
    let holds = match config::folder() {
        Ok(folder) => format!(
            "{} if nothing else is said",
            folder.join("config.toml").display()
        ),
        Err(error) => error.to_string(),
    };
    vec![
        [
            "version".into(),
            env!("CARGO_PKG_VERSION").into(),
            String::new(),
        ],
        [
            "machine".into(),
            format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            format!("{threads} threads"),
        ],
        of_the_device(config),
        ["configuration".into(), configuration, holds],
        ["history".into(), history, why],
    ]
}

/// The device that models run on, and those that they could.
fn of_the_device(config: &Config) -> [String; 3] {
    let value = match config.device() {
        Err(failure) => failure.to_string(),
        Ok(choice) => match choice.open() {
            Ok(_) => choice.to_string(),
            Err(error) => error.to_string(),
        },
    };
    let listed = |choices: &[Choice]| {
        let names: Vec<String> = choices.iter().map(Choice::to_string).collect();
        names.join(", ")
    };
    let all = [Choice::Cpu, Choice::Cuda(0), Choice::Metal];
    let built: Vec<Choice> = all
        .into_iter()
        .filter(|choice| choice.built().is_ok())
        .collect();
    let why = format!(
        "built for {}; found {}",
        listed(&built),
        listed(&device::found())
    );
    ["device".into(), value, why]
}

fn about_the_terminal(console: &mut Console) -> Vec<[String; 3]> {
    let graphics = console.look.graphics();
    let look = &console.look;
    let variable = |name: &str| process_env(name).unwrap_or_else(|| "unset".into());
    let size = terminal::size().map_or("not a terminal".into(), |(columns, rows)| {
        format!("{columns} × {rows}")
    });
    let boxes = if look.ascii { "ascii" } else { "unicode" };
    let locale = format!(
        "LC_ALL {}, LC_CTYPE {}, LANG {}",
        variable("LC_ALL"),
        variable("LC_CTYPE"),
        variable("LANG")
    );
    let (width, height) = graphics.cell;
    let cell = match graphics.protocol.has_pixels() {
        true => format!(", on cells of {width} × {height} pixels"),
        false => String::new(),
    };
    vec![
        [
            "terminal".into(),
            size,
            format!(
                "TERM {}, COLORTERM {}",
                variable("TERM"),
                variable("COLORTERM")
            ),
        ],
        stream("stdout", look.out_depth, io::stdout().is_terminal()),
        stream("stderr", look.err_depth, io::stderr().is_terminal()),
        [
            "pictures".into(),
            graphics.protocol.words().into(),
            graphics.reason + &cell,
        ],
        ["boxes".into(), boxes.into(), locale],
    ]
}

fn stream(name: &str, depth: Depth, is_terminal: bool) -> [String; 3] {
    let colors = match depth {
        Depth::Never => "no colours",
        Depth::Ansi16 => "16 colours",
        Depth::Ansi256 => "256 colours",
        Depth::True => "24-bit colours",
    };
    let kind = if is_terminal {
        "a terminal"
    } else {
        "not a terminal"
    };
    let switches: Vec<String> = ["NO_COLOR", "CLICOLOR_FORCE"]
        .into_iter()
        .filter_map(|name| Some(format!("{name} is “{}”", process_env(name)?)))
        .collect();
    let why = std::iter::once(kind.to_owned())
        .chain(switches)
        .collect::<Vec<String>>()
        .join(", ");
    [name.into(), colors.into(), why]
}
