//! The configuration: what was chosen for each key, and where. One table of keys reads the file, checks it, lists it and
//! writes the sample.
//!
//! The last of these that says something decides: built-in default, `config.toml`, environment, flag.

mod chosen;
mod file;
mod keys;
mod list;
mod places;

pub use self::chosen::{Chosen, Config, Origin, from_environment};
pub use self::keys::{KEYS, Key};
pub use self::list::{sample, table};
pub use self::places::{default_file, folder, init_script};
