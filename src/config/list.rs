//! The configuration as a table, and as a sample to copy.

use std::fmt::Write as _;

use polars::prelude::DataFrame;

use super::chosen::Config;
use super::keys::{KEYS, Key};
use crate::desk::tables::columns::{frame, texts};
use crate::interface::failure::{Exit, Failure};

/// Every key with its value and where that comes from.
///
/// # Errors
/// Never: the columns are as long as each other.
pub fn table(config: &Config) -> Result<DataFrame, Failure> {
    let value = |key: &Key| config.value(key.name).unwrap_or(key.default).to_owned();
    let origin = |key: &Key| {
        let chosen = config.get(key.name);
        chosen.map_or("default".to_owned(), |chosen| chosen.origin.to_string())
    };
    frame(vec![
        texts("key", KEYS.iter().map(|key| key.name)),
        texts("value", KEYS.iter().map(value)),
        texts("from", KEYS.iter().map(origin)),
        texts("may be", KEYS.iter().map(|key| key.values)),
    ])
    .map_err(|error| Failure::new(Exit::Query, error.to_string()))
}

/// A configuration file with every key explained and commented out.
#[must_use]
pub fn sample() -> String {
    let mut text = String::from(
        "# vitscope's configuration: config.toml in the folder `vitscope` of the XDG configuration directory.\n\
         # Flags and environment variables say otherwise for one run; `vitscope config show` says what holds.\n",
    );
    for key in &KEYS {
        let Key { about, values, .. } = key;
        let variable = key
            .variable
            .map_or(String::new(), |name| format!("; {name} overrides it"));
        let default = key.default;
        writeln!(
            text,
            "\n# {about}: {values} (default: {default}){variable}\n#{} = {}",
            key.name,
            example(key)
        )
        .expect("writing to a string does not fail");
    }
    text
}

/// A value of a key as it is written in the file: one that changes something.
fn example(key: &Key) -> &'static str {
    match key.name {
        "store" => "\"~/vitscope\"",
        "device" => "\"cuda\"",
        "format" => "\"markdown\"",
        "images" => "\"blocks\"",
        "color" => "\"always\"",
        "rows" => "100",
        "width" => "120",
        "edit-mode" => "\"vi\"",
        "banner" => "\"short\"",
        "history" => "\"off\"",
        _ => "false",
    }
}
