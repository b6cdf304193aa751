//! `set`: some settings are the session's own, the others those of whoever shows the answers.

use super::Session;
use crate::interface::answer::{Answer, Sink};
use crate::interface::failure::{Exit, Failure};
use crate::lang::query::Setting;

impl Session {
    /// Changes a setting.
    pub(super) fn set(
        &mut self,
        setting: &Setting,
        sink: &mut dyn Sink,
    ) -> Result<Answer, Failure> {
        let mut look = |name: &str, value: &str| {
            sink.set(name, value)
                .map_err(|sentence| Failure::new(Exit::Query, sentence))
        };
        match setting {
            Setting::Format(format) => look("format", format)?,
            Setting::Pictures(how) => look("images", how)?,
            Setting::Timer(on) => look("timer", switch(*on))?,
            Setting::Progress(on) => look("progress", switch(*on))?,
            Setting::Pager(on) => look("pager", switch(*on))?,
            Setting::Rows(rows) => look("rows", &number_or(*rows, "all"))?,
            Setting::Width(columns) => look("width", &number_or(*columns, "auto"))?,
            Setting::Color(when) => look("color", when)?,
            Setting::Images(set) => self.settings.set.clone_from(set),
            Setting::Clip(clip) => self.settings.clip.clone_from(clip),
            Setting::Score(score) => self.settings.score = Some(*score),
            Setting::Limit(limit) => self.settings.limit = *limit,
            Setting::Seed(seed) => self.settings.seed = *seed,
            Setting::Template(template) => self.settings.template = Some(template.clone()),
        }
        if matches!(setting, Setting::Images(_)) {
            // A set may bring features of its own.
            self.take_stock()?;
        }
        Ok(Answer::default())
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn number_or(number: Option<usize>, word: &str) -> String {
    number.map_or(word.to_owned(), |number| number.to_string())
}
