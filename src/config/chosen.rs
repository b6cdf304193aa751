//! What was chosen for each key, and where.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::keys::{KEYS, is_look};
use crate::interface::failure::{Exit, Failure};
use crate::kernels::device::Choice;
use crate::output::color::Env;
use crate::output::settings::Look;

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
    /// The configuration of a file in which nothing has been read yet.
    pub(super) fn of_file(path: &Path) -> Self {
        Self {
            file: Some(path.to_owned()),
            ..Self::default()
        }
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
}
