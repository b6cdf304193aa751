//! The command line: flags, where queries come from, and the exit code.

mod choose;
mod flags;
mod input;
mod manual;
mod run;
mod run_queries;
mod run_subcommand;
mod subcommand;

pub use self::flags::Flags;
pub use self::run::run;
