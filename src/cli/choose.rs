//! What flags choose: the configuration of the run, variables, how answers look.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::flags::Flags;
use super::subcommand::Subcommand;
use crate::config::{self, Config, Origin};
use crate::interface::failure::Failure;
use crate::interface::source::Source;
use crate::output::color::{Depth, process_env};
use crate::output::console::Console;

impl Flags {
    /// The statements that `--set` stands for: a number where the value is one, else a text.
    pub(super) fn variables(&self) -> Vec<Source> {
        let statement = |(name, value): &(String, String)| {
            let quoted = || format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
            let plain = |c: char| c.is_ascii_digit() || c == '.';
            // As the grammar writes numbers: a digit at both ends.
            let digits = value.strip_prefix('-').unwrap_or(value);
            let ends = digits.starts_with('.') || digits.ends_with('.');
            let number = value.parse::<f64>().is_ok() && digits.chars().all(plain) && !ends;
            let value = if number { value.clone() } else { quoted() };
            Source {
                name: "--set".to_owned(),
                text: format!("let {name} = {value}"),
            }
        };
        self.set.iter().map(statement).collect()
    }

    /// The store of this run: as it was named, letter for letter, or as configured.
    pub(super) fn store<'a>(&'a self, config: &'a Config) -> Option<&'a Path> {
        let configured = || config.value("store").map(Path::new);
        self.store.as_deref().or_else(configured)
    }

    /// The configuration file of this run.
    fn config_file(&self) -> Option<PathBuf> {
        let fixed = self.subcommand.as_ref().is_some_and(Subcommand::is_fixed);
        if self.no_config || fixed {
            return None;
        }
        let named = process_env("VITSCOPE_CONFIG").filter(|path| !path.is_empty());
        let chosen = self.config.clone().or_else(|| named.map(PathBuf::from));
        chosen.or_else(config::default_file)
    }

    /// What is chosen by file, environment and flags.
    pub(super) fn configure(&self, matches: &ArgMatches) -> Result<Config, Failure> {
        let mut config = match self.config_file() {
            Some(path) => Config::read(&path)?,
            None => Config::default(),
        };
        config::from_environment(&mut config, &process_env);
        let given = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        if let Some(store) = self.store.as_ref().filter(|_| given("store")) {
            let store = store.to_string_lossy();
            config.choose("store", store, Origin::Flag("--store"));
        }
        let words = [
            (
                "format",
                "--format",
                self.format.map(|f| f.word().to_owned()),
            ),
            ("device", "--device", self.device.map(|d| d.to_string())),
            ("images", "--images", self.images.map(|i| word_of(&i))),
            ("color", "--color", self.color.map(|c| word_of(&c))),
        ];
        for (key, flag, word) in words {
            if let Some(word) = word {
                config.choose(key, word, Origin::Flag(flag));
            }
        }
        for (flag, on) in [("--no-progress", self.no_progress), ("--quiet", self.quiet)] {
            if on {
                config.choose("progress", "off", Origin::Flag(flag));
            }
        }
        Ok(config)
    }

    /// What flags say about the streams that no key of the configuration does.
    pub(super) fn finish_look(&self, console: &mut Console) {
        console.pick = self.result.clone();
        let look = &mut console.look;
        look.ascii |= self.ascii;
        // Ours is the only decision: the library that drives the terminal reads NO_COLOR by itself otherwise.
        crossterm::style::force_color_output(look.out_depth != Depth::Never);
    }
}

/// The word that a flag's value is written as.
fn word_of<T: clap::ValueEnum>(value: &T) -> String {
    let named = value.to_possible_value();
    named.map_or(String::new(), |named| named.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn variables_become_statements_that_mean_the_same() {
        let flags = Flags::try_parse_from([
            "vitscope",
            "--set",
            "n=5",
            "--set",
            "t=a \"b\" \\c",
            "--set",
            "e=",
            "--set",
            "v=1e999",
            "--set",
            "h=.5",
            "--set",
            "k=5.",
        ]);
        let texts: Vec<String> = flags
            .unwrap()
            .variables()
            .into_iter()
            .map(|s| s.text)
            .collect();
        assert_eq!(texts[0], "let n = 5");
        assert_eq!(texts[1], r#"let t = "a \"b\" \\c""#);
        assert_eq!(texts[3], "let v = \"1e999\"");
        for text in texts {
            crate::lang::script::parse_statement(&text).unwrap();
        }
    }
}
