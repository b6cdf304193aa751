//! Reading `config.toml`: every key and value with its place, so that what is wrong can be pointed at.

use std::fs;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::chosen::{Config, Origin};
use super::keys::{KEYS, Key, check};
use crate::files::paths;
use crate::interface::failure::{Diagnosis, Exit, Failure, in_words};
use crate::lang::suggest::nearest;

/// What is wrong with a file: a sentence, where, what to do.
struct Wrong {
    message: String,
    place: Range<usize>,
    help: Option<String>,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`Exit::Usage`], with the place, when it can't be read, is no TOML, has an unknown key or a value that can't be.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| {
            let why = match error.kind() {
                std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
                _ => in_words(&error),
            };
            Failure::new(
                Exit::Usage,
                format!("the configuration {} cannot be read: {why}", path.display()),
            )
        })?;
        parse(path, &text).map_err(|wrong| failure(path, &text, wrong))
    }
}

fn parse(path: &Path, text: &str) -> Result<Config, Wrong> {
    let parsed = DeTable::parse(text).map_err(|error| Wrong {
        message: format!("this is no TOML: {}", error.message()),
        place: error.span().unwrap_or(0..0),
        help: Some(
            "a line is `key = value`; `vitscope config sample` prints all of them".to_owned(),
        ),
    })?;
    let mut config = Config::of_file(path);
    // In the order of the file: the first mistake is the one to show.
    let mut entries: Vec<_> = parsed.get_ref().iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in entries {
        let key = known(name.get_ref()).map_err(|wrong| Wrong {
            place: name.span(),
            ..wrong
        })?;
        let wrong = |message| Wrong {
            message,
            place: value.span(),
            help: Some(format!("{}: {}", key.about, key.values)),
        };
        let word = word(value.get_ref())
            .ok_or_else(|| wrong(format!("{} is no word and no number", key.name)))?;
        check(key, &word).map_err(wrong)?;
        let line = text[..name.span().start].matches('\n').count() + 1;
        let origin = Origin::File(path.to_owned(), line);
        config.choose(key.name, beside(path, key, word), origin);
    }
    Ok(config)
}

fn known(name: &str) -> Result<&'static Key, Wrong> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| {
        let names = KEYS.iter().map(|key| key.name);
        let help = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names.collect::<Vec<_>>().join(", ")),
        };
        Wrong {
            message: format!("there is no key `{name}`"),
            place: 0..0,
            help: Some(help),
        }
    })
}

/// A value as a word: numbers and switches may be written without quotes.
fn word(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(true) => Some("on".to_owned()),
        DeValue::Boolean(false) => Some("off".to_owned()),
        _ => None,
    }
}

/// Folders and files are named as seen from the configuration's folder.
fn beside(path: &Path, key: &Key, word: String) -> String {
    if !key.values.starts_with("a f") || word == "off" {
        return word;
    }
    let from = path.to_string_lossy();
    paths::beside(&from, &word).to_string_lossy().into_owned()
}

fn failure(path: &Path, text: &str, wrong: Wrong) -> Failure {
    Failure {
        exit: Exit::Usage,
        diagnosis: Box::new(Diagnosis {
            message: wrong.message,
            code: Some("config".to_owned()),
            labels: vec![(wrong.place, String::new())],
            help: wrong.help,
            source_name: path.display().to_string(),
            source_text: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;

    fn parsed(text: &str) -> Result<Config, Failure> {
        let path = Path::new("/etc/vitscope/config.toml");
        parse(path, text).map_err(|wrong| failure(path, text, wrong))
    }

    #[test]
    fn words_numbers_and_switches_are_values() {
        let config =
            parsed("format = \"json\"\nrows = 20\ntimer = false\nstore = 'data'\n").unwrap();
        assert_eq!(config.value("format"), Some("json"));
        assert_eq!(config.value("rows"), Some("20"));
        assert_eq!(config.value("timer"), Some("off"));
        assert_eq!(config.value("store"), Some("/etc/vitscope/data"));
        let origin = &config.get("timer").unwrap().origin;
        assert_eq!(origin.to_string(), "/etc/vitscope/config.toml:3");
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, line, word, help) in [
            (
                "# mine\nfromat = 'csv'",
                2,
                "fromat",
                "did you mean `format`?",
            ),
            ("rows = 5\nimages = 'gif'", 2, "'gif'", "sixel"),
            ("banner = [1]", 1, "[1]", "short"),
            ("rows = 0", 1, "0", "number"),
            ("edit-mode = 'vim'", 1, "'vim'", "emacs, vi"),
            ("store = ", 1, "", "config sample"),
        ] {
            let failure = parsed(text).unwrap_err();
            let diagnosis = &failure.diagnosis;
            assert_eq!(failure.exit, Exit::Usage);
            let place = diagnosis.labels[0].0.clone();
            assert_eq!(diagnosis.line_and_column(place.start).0, line, "{text}");
            assert!(text[place].trim().starts_with(word), "{text}");
            let says = diagnosis.help.clone().unwrap_or_default();
            assert!(says.contains(help), "{text}: {says}");
        }
    }

    #[test]
    fn the_sample_is_a_configuration_and_so_is_each_of_its_lines() {
        let config = parsed(&sample()).unwrap();
        assert!(KEYS.iter().all(|key| config.get(key.name).is_none()));
        let lines: Vec<String> = sample()
            .lines()
            .filter_map(|line| line.strip_prefix("#").filter(|rest| !rest.starts_with(' ')))
            .map(str::to_owned)
            .collect();
        assert_eq!(lines.len(), KEYS.len());
        parsed(&lines.join("\n")).unwrap();
    }
}
