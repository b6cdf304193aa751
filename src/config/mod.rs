//! The configuration: what was chosen for each key, and where. One table of keys reads the file, checks it, lists it and
//! writes the sample.
//!
//! The last of these that says something decides: built-in default, `config.toml`, environment, flag.

mod file;
mod list;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

pub use self::list::{sample, table};
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::{self, Choice};
use crate::output::color::Env;
use crate::output::settings::Look;

/// A key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What it may be.
    pub values: &'static str,
    /// What holds when nothing is said.
    pub default: &'static str,
    /// The environment variable that overrides the file.
    pub variable: Option<&'static str>,
    /// What it does.
    pub about: &'static str,
}

/// Every key, in the order of listings.
pub const KEYS: [Key; 13] = [
    Key {
        name: "store",
        values: "a folder",
        default: "the user's data folder",
        variable: Some("VITSCOPE_STORE"),
        about: "where image sets, decompositions and alignments are kept",
    },
    Key {
        name: "device",
        values: device::NAMES,
        default: "cpu",
        variable: Some("VITSCOPE_DEVICE"),
        about: "where models run: on the CPU, or on a GPU that the program was built for",
    },
    Key {
        name: "format",
        values: "table, line, csv, tsv, json, ndjson, markdown",
        default: "table",
        variable: None,
        about: "how answers are written",
    },
    Key {
        name: "images",
        values: "auto, kitty, iterm, sixel, blocks, ascii, none",
        default: "auto",
        variable: Some("VITSCOPE_IMAGES"),
        about: "how pictures are shown",
    },
    Key {
        name: "color",
        values: "auto, always, never",
        default: "auto",
        variable: None,
        about: "when to use colours",
    },
    Key {
        name: "rows",
        values: "a number, or all",
        default: "40 on a terminal, all elsewhere",
        variable: None,
        about: "the most rows of a table that are shown",
    },
    Key {
        name: "width",
        values: "a number, or auto",
        default: "auto",
        variable: None,
        about: "the columns that tables keep to",
    },
    Key {
        name: "timer",
        values: "on, off",
        default: "on at the prompt, off elsewhere",
        variable: None,
        about: "whether rows, time and origin follow every answer",
    },
    Key {
        name: "progress",
        values: "on, off",
        default: "on",
        variable: None,
        about: "whether long work shows a progress bar",
    },
    Key {
        name: "pager",
        values: "on, off",
        default: "on at the prompt, off elsewhere",
        variable: None,
        about: "whether answers taller than the screen go through $PAGER",
    },
    Key {
        name: "edit-mode",
        values: "emacs, vi",
        default: "emacs",
        variable: None,
        about: "the keys of the prompt",
    },
    Key {
        name: "banner",
        values: "long, short, off",
        default: "long",
        variable: None,
        about: "what the prompt says at its start",
    },
    Key {
        name: "history",
        values: "a file, or off",
        default: "the user's state folder",
        variable: Some("VITSCOPE_HISTORY"),
        about: "where the prompt keeps what was typed",
    },
];

/// Where a value was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Line of a file, from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(&'static str),
    /// A flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value that was chosen somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The value, as a word.
    pub value: String,
    /// Where it was chosen.
    pub origin: Origin,
}

/// What was chosen; keys that nobody chose are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The file that was read.
    pub file: Option<PathBuf>,
    chosen: BTreeMap<&'static str, Chosen>,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`Exit::Usage`], with the place, when it can't be read, is no TOML, has an unknown key or a value that can't be.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        file::read(path)
    }

    /// Chooses a value, over whatever was chosen before.
    pub fn choose(&mut self, key: &'static str, value: impl Into<String>, origin: Origin) {
        let value = value.into();
        self.chosen.insert(key, Chosen { value, origin });
    }

    /// What was chosen for a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Chosen> {
        self.chosen.get(key)
    }

    /// The value chosen for a key.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.get(key).map(|chosen| chosen.value.as_str())
    }

    /// The device that models run on.
    ///
    /// # Errors
    /// [`Exit::Usage`] when no device is called so, or the program was not built for it.
    pub fn device(&self) -> Result<Choice, Failure> {
        let Some(Chosen { value, origin }) = self.get("device") else {
            return Ok(Choice::default());
        };
        let choice = value.parse::<Choice>().and_then(Choice::built);
        choice.map_err(|error| {
            Failure::new(Exit::Usage, format!("{origin}: {error}")).with_help(error.help())
        })
    }

    /// Makes answers look as was chosen.
    ///
    /// # Errors
    /// [`Exit::Usage`] when a value can't be here: a binary format on a terminal.
    pub fn apply(&self, look: &mut Look) -> Result<(), Failure> {
        for (key, Chosen { value, origin }) in &self.chosen {
            if is_look(key) {
                let wrong = |why| Failure::new(Exit::Usage, format!("{origin}: {why}"));
                look.set(key, value).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

/// Whether a key is one of the settings of how answers look.
fn is_look(key: &str) -> bool {
    Look::plain().list().iter().any(|(name, _)| *name == key)
}

/// Whether a key may have this value.
///
/// # Errors
/// One sentence with what it may be.
fn check(key: &Key, value: &str) -> Result<(), String> {
    if is_look(key.name) {
        return Look::plain().set(key.name, value);
    }
    let words: Vec<&str> = key.values.split(", ").collect();
    let is_path = key.values.starts_with("a ");
    let fits = if is_path {
        !value.trim().is_empty()
    } else if key.name == "device" {
        value.parse::<Choice>().is_ok()
    } else {
        words.contains(&value)
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "{} cannot be “{value}”; it is one of: {}",
        key.name, key.values
    ))
}

/// The folder of the user's configuration: `vitscope` in the XDG configuration directory, on every system.
///
/// # Errors
/// When no home directory is known.
pub fn folder() -> std::io::Result<PathBuf> {
    let strategy = Xdg::new().map_err(std::io::Error::other)?;
    Ok(strategy.config_dir().join("vitscope"))
}

/// The configuration file that holds when none is named, if there is one.
#[must_use]
pub fn default_file() -> Option<PathBuf> {
    existing("config.toml")
}

/// The script that the prompt runs at its start, if there is one.
#[must_use]
pub fn init_script() -> Option<PathBuf> {
    existing("init.vq")
}

fn existing(name: &str) -> Option<PathBuf> {
    let path = folder().ok()?.join(name);
    path.is_file().then_some(path)
}

/// Takes over what environment variables choose, where they are set to something.
pub fn from_environment(config: &mut Config, env: Env) {
    for key in &KEYS {
        let Some(variable) = key.variable else {
            continue;
        };
        if let Some(value) = env(variable).filter(|value| !value.is_empty()) {
            config.choose(key.name, value, Origin::Variable(variable));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_choices_win_and_say_where_they_come_from() {
        let mut config = Config::default();
        config.choose("images", "ascii", Origin::File("c.toml".into(), 3));
        assert_eq!(config.get("images").unwrap().origin.to_string(), "c.toml:3");
        let env = |name: &str| (name == "VITSCOPE_IMAGES").then(|| "blocks".to_owned());
        from_environment(&mut config, &env);
        assert_eq!(config.value("images"), Some("blocks"));
        config.choose("images", "none", Origin::Flag("--images"));
        assert_eq!(config.get("images").unwrap().origin.to_string(), "--images");
        assert_eq!(
            config.value("store"),
            None,
            "an unset variable says nothing"
        );
    }

    #[test]
    fn every_setting_of_answers_has_a_key() {
        for (name, value) in Look::plain().list() {
            let key = KEYS.iter().find(|key| key.name == name);
            let key = key.unwrap_or_else(|| panic!("no key {name}"));
            check(key, &value).unwrap();
        }
    }
}
