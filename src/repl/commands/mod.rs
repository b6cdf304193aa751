//! Dot commands: what the prompt does itself, beside the query language. One table of them parses, helps, completes,
//! highlights and finds the nearest name.

mod assist;
mod help;
mod parse;
mod table;

pub use self::assist::{complete, highlight, hint};
pub use self::help::help;
pub use self::parse::{Command, is_command, parse};
pub use self::table::{Action, Argument, COMMANDS, Spec, named};
