//! The flags, and what the help says about them.

use std::path::PathBuf;

use clap::{ArgAction, Parser};

use super::subcommand::Subcommand;
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::Choice;
use crate::output::color::When;
use crate::output::format::Format;
use crate::output::pick::Pick;
use crate::picture::terminal::Images;
use crate::repl::script::OnError;

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
    pub(super) scripts: Vec<PathBuf>,

    /// Run a query; may be repeated, and runs in the order given
    #[arg(short, long, value_name = "QUERY", action = ArgAction::Append)]
    pub(super) command: Vec<String>,

    /// The store: a directory with image sets, decompositions and alignments
    #[arg(long, value_name = "DIR", env = "VITSCOPE_STORE", global = true)]
    pub(super) store: Option<PathBuf>,

    /// Where models run: cpu, cuda, cuda:N or metal [default: cpu]
    #[arg(long, value_name = "DEVICE", global = true)]
    pub(super) device: Option<Choice>,

    /// Refuse statements that change the store
    #[arg(long, global = true)]
    pub(super) read_only: bool,

    /// How answers are written [default: table]
    #[arg(long, value_name = "FORMAT", global = true)]
    pub(super) format: Option<Format>,

    /// When to use colours [default: auto]
    #[arg(long, value_name = "WHEN", global = true)]
    pub(super) color: Option<When>,

    /// How to show pictures [default: auto]
    #[arg(long, value_name = "HOW", global = true)]
    pub(super) images: Option<Images>,

    /// Draw boxes and pictures with ASCII characters only
    #[arg(long, global = true)]
    pub(super) ascii: bool,

    /// Which answers are written: all, last, or the one of this number
    #[arg(long, value_name = "WHICH", default_value = "all", global = true)]
    pub(super) result: Pick,

    /// A variable, for $NAME in queries; may be repeated
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append, value_parser = assignment, global = true)]
    pub(super) set: Vec<(String, String)>,

    /// The prompt, after the queries and scripts
    #[arg(short, long)]
    pub(super) interactive: bool,

    /// Read this configuration file in place of the user's, or of the one that VITSCOPE_CONFIG names
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, global = true, conflicts_with = "config")]
    pub(super) no_config: bool,

    /// Do not run the start script of the prompt, `init.vq` in the user's configuration folder
    #[arg(long)]
    pub(super) no_init: bool,

    /// What a failed query does to those after it
    #[arg(long, value_name = "WHAT", default_value = "stop", global = true)]
    pub(super) on_error: OnError,

    /// No banner, no timing, no progress bar
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,

    /// No progress bar
    #[arg(long, global = true)]
    pub(super) no_progress: bool,

    #[command(subcommand)]
    pub(super) subcommand: Option<Subcommand>,
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

/// What is wrong with a command line that could be read.
pub(super) fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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

    #[test]
    fn a_variable_has_a_name_of_letters() {
        for wrong in ["n", "=5", "5=5", "a b=1"] {
            assert!(
                Flags::try_parse_from(["vitscope", "--set", wrong]).is_err(),
                "{wrong}"
            );
        }
    }
}
