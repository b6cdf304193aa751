//! `set KEY VALUE`: the settings there are and what each may be.

use super::names::{Names, Resolved};
use super::values::{unknown, wrong};
use crate::lang::ast::{Slot, Value};
use crate::lang::error::join;
use crate::lang::expect::Role;
use crate::lang::query::{Setting, Template};
use crate::lang::suggest::nearest;

/// The settings.
pub const KEYS: [&str; 13] = [
    "format", "images", "clip", "score", "limit", "seed", "template", "timer", "color", "rows",
    "width", "progress", "pager",
];

/// The formats of tables.
pub const FORMATS: [&str; 10] = [
    "auto", "table", "line", "csv", "tsv", "json", "ndjson", "markdown", "parquet", "arrow",
];

/// How pictures can be shown. `set images` takes one of these, or the name of a set.
pub const PICTURES: [&str; 8] = [
    "off", "on", "auto", "kitty", "iterm", "sixel", "blocks", "ascii",
];

const COLORS: [&str; 3] = ["auto", "always", "never"];

const SWITCH: [&str; 2] = ["on", "off"];

/// The words a setting may be, besides names and numbers.
#[must_use]
pub fn choices(key: &str) -> &'static [&'static str] {
    match key.to_lowercase().as_str() {
        "format" => &FORMATS,
        "images" => &[
            "off", "on", "auto", "kitty", "iterm", "sixel", "blocks", "ascii", "none",
        ],
        "clip" | "limit" | "seed" => &["none"],
        "template" => &["default", "none"],
        "timer" | "progress" | "pager" => &SWITCH,
        "color" => &COLORS,
        "rows" => &["all"],
        "width" => &["auto"],
        _ => &[],
    }
}

impl Names<'_> {
    /// A setting and its new value.
    pub fn setting(&self, key: &Slot, value: &Slot) -> Resolved<Setting> {
        let name = self.name(key)?.to_lowercase();
        let none =
            matches!(self.value(value)?, Value::Word(word) if word.eq_ignore_ascii_case("none"));
        Ok(match name.as_str() {
            "format" => Setting::Format(self.choice(value, &FORMATS)?),
            "images" if none => Setting::Images(None),
            "images" => self.images(value)?,
            "clip" if none => Setting::Clip(None),
            "clip" => Setting::Clip(Some(self.clip(value)?)),
            "score" => Setting::Score(self.score_named(value)?),
            "limit" if none => Setting::Limit(None),
            "limit" => Setting::Limit(Some(self.count(value)?)),
            "seed" if none => Setting::Seed(None),
            "seed" => Setting::Seed(Some(self.row(value)? as u64)),
            "template" if none => Setting::Template(Template::None),
            "template" => self.template_setting(value)?,
            "timer" => Setting::Timer(self.choice(value, &SWITCH)? == "on"),
            "progress" => Setting::Progress(self.choice(value, &SWITCH)? == "on"),
            "pager" => Setting::Pager(self.choice(value, &SWITCH)? == "on"),
            "rows" => Setting::Rows(self.count_or(value, "all")?),
            "width" => Setting::Width(self.count_or(value, "auto")?),
            "color" => Setting::Color(self.choice(value, &COLORS)?),
            _ => {
                let known = KEYS.iter().map(|key| (*key).to_owned()).collect();
                return Err(unknown(Role::Setting, name, known, key.span));
            }
        })
    }

    fn images(&self, value: &Slot) -> Resolved<Setting> {
        let name = self.name(value)?;
        if PICTURES.contains(&name.to_lowercase().as_str()) {
            return Ok(Setting::Pictures(name.to_lowercase()));
        }
        let Some(set) = self.catalog.set(&name) else {
            let sets = self.catalog.sets.iter().map(|set| set.name.clone());
            let known = sets.chain(PICTURES.map(str::to_owned)).collect();
            return Err(unknown(Role::Set, name, known, value.span));
        };
        Ok(Setting::Images(Some(set.name.clone())))
    }

    fn template_setting(&self, value: &Slot) -> Resolved<Setting> {
        let template = match self.value(value)? {
            Value::Word(word) if word.eq_ignore_ascii_case("default") => Template::Default,
            _ => Template::Texts(vec![self.template_text(value)?]),
        };
        Ok(Setting::Template(template))
    }

    /// A count, or `None` for the word that means there is none.
    fn count_or(&self, value: &Slot, word: &str) -> Resolved<Option<usize>> {
        match self.value(value)? {
            Value::Word(given) if given.eq_ignore_ascii_case(word) => Ok(None),
            Value::Word(_) => self
                .choice(value, &[word, "a number above 0"])
                .map(|_| None),
            _ => self.count(value).map(Some),
        }
    }

    /// One of a few words.
    fn choice(&self, value: &Slot, choices: &[&str]) -> Resolved<String> {
        let word = self.name(value)?.to_lowercase();
        if choices.contains(&word.as_str()) {
            return Ok(word);
        }
        let known: Vec<String> = choices.iter().map(|choice| (*choice).to_owned()).collect();
        let meant = nearest(&word, choices.iter().copied());
        let hint = meant.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
        let expected = join(&known, "or");
        let message = format!("`{word}` is none of the choices{hint}");
        Err(wrong(message, &expected, value.span))
    }
}
