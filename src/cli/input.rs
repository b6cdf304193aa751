//! Where queries come from: `-c`, scripts, stdin.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::ArgMatches;

use super::flags::Flags;
use crate::interface::failure::{Exit, Failure, in_words};
use crate::interface::source::Source;

/// One place that queries come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Query(String),
    Script(PathBuf),
}

impl Flags {
    /// Queries and scripts in the order of the command line.
    pub(super) fn inputs(&self, matches: &ArgMatches) -> Vec<Input> {
        let places = |name: &str| matches.indices_of(name).into_iter().flatten();
        let queries = self.command.iter().cloned().map(Input::Query);
        let scripts = self.scripts.iter().cloned().map(Input::Script);
        let mut all: Vec<(usize, Input)> = places("command").zip(queries).collect();
        all.extend(places("scripts").zip(scripts));
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, input)| input).collect()
    }
}

/// Reads one place.
///
/// # Errors
/// [`Exit::Usage`] when there is no such file, or it holds no text.
pub(super) fn read(input: Input) -> Result<Source, Failure> {
    match input {
        Input::Query(text) => Ok(Source {
            name: "-c".into(),
            text,
        }),
        Input::Script(path) if path == Path::new("-") => stdin(),
        Input::Script(path) => {
            let name = path.display().to_string();
            let bytes = fs::read(&path).map_err(|error| unreadable(&name, &error))?;
            Source::of_bytes(name, bytes)
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

/// All of stdin.
///
/// # Errors
/// As [`read`].
pub(super) fn stdin() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable("stdin", &error))?;
    Source::of_bytes("stdin".into(), bytes)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;

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
    fn a_script_that_is_not_text_is_refused_in_one_sentence() {
        let failure = Source::of_bytes("x.vq".into(), b"rank \xff".to_vec()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.to_string().contains("byte 5"));
    }
}
