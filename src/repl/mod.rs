//! The prompt: reads a query, runs it, comes back.
//!
//! On a terminal that can move the cursor, lines are edited with rustyline; on any other (`TERM=dumb`, stdout in a pipe)
//! they are read plainly, so that nothing ever waits for an answer that a terminal cannot give.

pub mod commands;
pub mod doctor;
pub mod editor;
mod external_editor;
pub mod history;
mod keyboard;
mod options;
mod plain;
mod run;
pub mod script;
mod session;
mod typed;

pub use self::options::Options;
pub use self::run::run;
