//! The settings of how answers look: one table that parses, lists and explains them.

use std::io::{self, IsTerminal};

use super::color::{self, Depth, When, process_env};
use super::format::Format;
use crate::picture::graphics::{Circumstances, Graphics};
use crate::picture::probe;
use crate::picture::replies::Replies;
use crate::picture::terminal::{self, Images};

/// Rows of a table on a terminal unless set otherwise.
const ROWS_ON_A_TERMINAL: usize = 40;

/// How answers look on one pair of streams.
#[derive(Clone, Debug)]
pub struct Look {
    /// How tables are written.
    pub format: Format,
    /// The most rows of a table in [`Format::Table`]; `None` for all.
    pub rows: Option<usize>,
    /// Columns, when set by hand.
    pub width: Option<usize>,
    /// Whether stdout is a terminal.
    pub is_terminal: bool,
    /// Whether stdin is one, through which a terminal answers.
    pub in_is_terminal: bool,
    /// Whether stderr is one.
    pub err_is_terminal: bool,
    /// Only ASCII in boxes and pictures.
    pub ascii: bool,
    /// What was asked for, `--color` or `set color`.
    pub color: When,
    /// What was decided for stdout.
    pub out_depth: Depth,
    /// What was decided for stderr.
    pub err_depth: Depth,
    /// What was asked for, `--images` or `set images`.
    pub images: Images,
    /// What was decided, once the first picture needed it.
    graphics: Option<Graphics>,
    /// What the terminal answered when it was asked.
    replies: Option<Replies>,
    /// Whether every answer is followed by rows, time and whether it came from the cache.
    pub timer: bool,
    /// Whether long work shows a progress bar.
    pub progress: bool,
    /// Whether answers taller than the screen go through `$PAGER`.
    pub pager: bool,
}

impl Look {
    /// Plain text into pipes: what everything starts from.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            format: Format::Table,
            rows: None,
            width: None,
            is_terminal: false,
            in_is_terminal: false,
            err_is_terminal: false,
            ascii: false,
            color: When::Auto,
            out_depth: Depth::Never,
            err_depth: Depth::Never,
            images: Images::Auto,
            graphics: None,
            replies: None,
            timer: false,
            progress: false,
            pager: false,
        }
    }

    /// What this process's streams and environment suggest, with colours and pictures as asked for.
    #[must_use]
    pub fn of_process(color: When, images: Images) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let mut look = Self {
            is_terminal,
            in_is_terminal: io::stdin().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
            rows: is_terminal.then_some(ROWS_ON_A_TERMINAL),
            ascii: !terminal::unicode_locale(&process_env),
            images,
            ..Self::plain()
        };
        look.set_color(color);
        look
    }

    /// The columns that tables and pictures have to keep to; `None` for a pipe.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        if self.width.is_some() || !self.is_terminal {
            return self.width;
        }
        terminal::size().map(|(columns, _)| columns)
    }

    /// Decides again which colours the streams take, and with them how pictures are drawn.
    pub fn set_color(&mut self, when: When) {
        self.color = when;
        self.out_depth = color::decide(when, self.is_terminal, &process_env).0;
        self.err_depth = color::decide(when, self.err_is_terminal, &process_env).0;
        self.set_images(self.images);
    }

    /// Changes how pictures are to be drawn.
    pub fn set_images(&mut self, images: Images) {
        self.images = images;
        self.graphics = None;
    }

    /// How pictures are drawn. Where only the terminal can tell it is asked, once and with a deadline, which takes its
    /// input for that long: call it when an image is about to be shown, never while a line is being edited.
    pub fn graphics(&mut self) -> Graphics {
        if let Some(graphics) = &self.graphics {
            return graphics.clone();
        }
        let graphics = self.circumstances().without_asking().unwrap_or_else(|| {
            let ask = || probe::ask(probe::deadline(&process_env));
            let replies = self.replies.get_or_insert_with(ask).clone();
            self.circumstances().with(&replies)
        });
        self.graphics.insert(graphics).clone()
    }

    /// How pictures that are made of characters anyway are drawn: as [`Self::graphics`] says if that was decided, else
    /// without asking anybody.
    #[must_use]
    pub fn graphics_unasked(&self) -> Graphics {
        let circumstances = self.circumstances();
        let unasked = || circumstances.without_asking();
        let decided = self.graphics.clone().or_else(unasked);
        decided.unwrap_or_else(|| circumstances.with(&Replies::default()))
    }

    fn circumstances(&self) -> Circumstances<'static> {
        Circumstances {
            images: self.images,
            depth: self.out_depth,
            stdin: self.in_is_terminal,
            stdout: self.is_terminal,
            env: &process_env,
        }
    }

    /// What was typed while the terminal was asked, once: control characters other than line ends left out.
    pub fn take_typed(&mut self) -> String {
        let typed = self.replies.as_mut().map(|r| std::mem::take(&mut r.typed));
        let text = String::from_utf8_lossy(&typed.unwrap_or_default()).replace('\r', "\n");
        text.chars()
            .filter(|c| *c == '\n' || !c.is_control())
            .collect()
    }

    /// Sets one setting from words.
    ///
    /// # Errors
    /// One sentence with the settings or the values there are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let one_of = |words: &[&str]| {
            let words = words.join(", ");
            format!("{name} cannot be “{value}”; it is one of: {words}")
        };
        match name {
            "format" if is(value, "auto") => self.format = Format::default(),
            "format" => {
                let format =
                    Format::named(value).ok_or_else(|| one_of(&Format::ALL.map(Format::word)))?;
                self.format = self.writable(format)?;
            }
            "images" if is(value, "on") => self.set_images(Images::Auto),
            "images" if is(value, "off") => self.set_images(Images::None),
            "images" => self.set_images(choice(&Images::ALL, value).map_err(|w| one_of(&w))?),
            "color" => self.set_color(choice(&When::ALL, value).map_err(|w| one_of(&w))?),
            "rows" => self.rows = count(value, "all").ok_or_else(|| one_of(&["all", "20"]))?,
            "width" => self.width = count(value, "auto").ok_or_else(|| one_of(&["auto", "100"]))?,
            "timer" => self.timer = choice(&SWITCH, value).map_err(|w| one_of(&w))?,
            "progress" => self.progress = choice(&SWITCH, value).map_err(|w| one_of(&w))?,
            "pager" => self.pager = choice(&SWITCH, value).map_err(|w| one_of(&w))?,
            _ => {
                let names = self.list().map(|(name, _)| name).join(", ");
                return Err(format!("there is no setting “{name}”; there are: {names}"));
            }
        }
        Ok(())
    }

    /// The format, unless it would fill a terminal with bytes that aren't text.
    ///
    /// # Errors
    /// One sentence that says where such a format can go.
    pub fn writable(&self, format: Format) -> Result<Format, String> {
        if format.is_binary() && self.is_terminal {
            let word = format.word();
            return Err(format!(
                "{word} is no text for a terminal; write it to a file with `| save \"FILE.{word}\"`, or send stdout to one"
            ));
        }
        Ok(format)
    }

    /// Every setting with its value.
    #[must_use]
    pub fn list(&self) -> [(&'static str, String); 8] {
        let number = |n: Option<usize>, none: &str| n.map_or(none.to_owned(), |n| n.to_string());
        [
            ("format", self.format.word().to_owned()),
            ("images", word(&Images::ALL, self.images)),
            ("color", word(&When::ALL, self.color)),
            ("rows", number(self.rows, "all")),
            ("width", number(self.width, "auto")),
            ("timer", word(&SWITCH, self.timer)),
            ("progress", word(&SWITCH, self.progress)),
            ("pager", word(&SWITCH, self.pager)),
        ]
    }
}

const SWITCH: [(&str, bool); 2] = [("on", true), ("off", false)];

fn is(value: &str, word: &str) -> bool {
    value.eq_ignore_ascii_case(word)
}

/// The choice called `value`, or the words there are.
fn choice<T: Copy>(choices: &[(&'static str, T)], value: &str) -> Result<T, Vec<&'static str>> {
    let found = choices.iter().find(|(word, _)| is(value, word));
    found
        .map(|(_, choice)| *choice)
        .ok_or_else(|| choices.iter().map(|(word, _)| *word).collect())
}

fn word<T: PartialEq>(choices: &[(&'static str, T)], choice: T) -> String {
    let found = choices.iter().find(|(_, other)| *other == choice);
    found.map_or(String::new(), |(word, _)| (*word).to_owned())
}

/// `Some(None)` for the word that means no number, `None` for anything that is not a count above 0.
fn count(value: &str, unset: &str) -> Option<Option<usize>> {
    if is(value, unset) {
        return Some(None);
    }
    value.parse().ok().filter(|n| *n > 0).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_setting_can_be_set_to_its_own_value() {
        let mut look = Look::plain();
        for (name, value) in look.list() {
            look.set(name, &value).unwrap();
        }
        look.set("rows", "7").unwrap();
        look.set("format", "JSON").unwrap();
        assert_eq!((look.rows, look.format), (Some(7), Format::Json));
        look.set("format", "auto").unwrap();
        look.set("images", "off").unwrap();
        assert_eq!((look.format, look.images), (Format::Table, Images::None));
        look.set("color", "always").unwrap();
        assert!(look.out_depth > Depth::Never && look.err_depth > Depth::Never);
    }

    #[test]
    fn wrong_words_are_answered_with_the_right_ones() {
        let mut look = Look::plain();
        let wrong = look.set("format", "xml").unwrap_err();
        assert!(wrong.contains("xml") && wrong.contains("ndjson"), "{wrong}");
        let unknown = look.set("fromat", "json").unwrap_err();
        assert!(unknown.contains("fromat") && unknown.contains("format, images"));
        assert!(look.set("rows", "0").is_err() && look.set("width", "-3").is_err());
    }
}
