//! `vitscope doctor`: what this installation and this terminal are, and why answers look as they do.

use std::io::{self, IsTerminal};
use std::path::Path;

use polars::prelude::{DataFrame, NamedFrom, Series};

use crate::answer::{Answer, Sink};
use crate::failure::{Exit, Failure};
use crate::front::Launch;
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;
use crate::output::format::Format;
use crate::picture::terminal::{self, Protocol};
use crate::repl::history;

/// Answers with a table of facts; the store may be missing, everything else is still said.
///
/// # Errors
/// When the answer cannot be written.
pub fn run(
    console: &mut Console,
    launch: &mut dyn Launch,
    store: Option<&Path>,
) -> Result<Exit, Failure> {
    let mut facts = about_the_program();
    facts.extend(about_the_terminal(console));
    let exit = match launch.open(store) {
        Ok(engine) => {
            facts.extend(engine.facts());
            Exit::Success
        }
        Err(failure) => {
            let help = failure.diagnosis.help.clone().unwrap_or_default();
            facts.push(["store".into(), failure.to_string(), help]);
            failure.exit
        }
    };
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
    console.look.rows = None;
    if console.look.format == Format::Table {
        console.look.width = Some(usize::MAX);
    }
    console.answer(&Answer {
        frame,
        ..Answer::default()
    })?;
    Ok(exit)
}

fn about_the_program() -> Vec<[String; 3]> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (history, why) = match history::path(&process_env) {
        Ok((path, why)) => (path.display().to_string(), why),
        Err(error) => ("none".into(), error.to_string()),
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
        ["history".into(), history, why],
    ]
}

fn about_the_terminal(console: &Console) -> Vec<[String; 3]> {
    let look = &console.look;
    let variable = |name: &str| process_env(name).unwrap_or_else(|| "unset".into());
    let size = terminal::size().map_or("not a terminal".into(), |(columns, rows)| {
        format!("{columns} × {rows}")
    });
    let images = match look.graphics.protocol {
        Protocol::Kitty | Protocol::Iterm | Protocol::Sixel | Protocol::Blocks => "half blocks",
        Protocol::Characters => "characters",
        Protocol::None => "none",
    };
    let boxes = if look.ascii { "ascii" } else { "unicode" };
    let locale = format!(
        "LC_ALL {}, LC_CTYPE {}, LANG {}",
        variable("LC_ALL"),
        variable("LC_CTYPE"),
        variable("LANG")
    );
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
            images.into(),
            look.graphics.reason.clone(),
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
