//! `set`: some settings are the session's own, the others those of whoever shows the answers.

use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Setting;
use crate::lang::resolve::{Names, Resolved};

/// `set KEY VALUE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Set(pub Setting);

impl Statement for Set {
    const RULE: &'static str = "set_value";
    const HELP: &'static Topic = &Topic {
        name: "set",
        summary: "Changes a setting.",
        form: "set format auto|table|line|csv|tsv|json|ndjson|markdown|parquet|arrow\n\
               set images SET|none       the images of statements without `on`\n\
               set images off|on|auto|kitty|iterm|sixel|blocks|ascii       pictures in the terminal\n\
               set clip MODEL|none\nset score SCORE\nset limit N|none\nset seed N|none\n\
               set template default|none|\"… {} …\"\nset timer on|off\nset color auto|always|never\n\
               set rows N|all       the rows of a table on the terminal\n\
               set width N|auto       its columns\nset progress on|off\n\
               set pager on|off       answers taller than the screen go through $PAGER (at the prompt)",
        text: "`show settings` lists them.",
        examples: &["set format json", "set images off"],
        about_images: false,
    };
    type Tickets = ();

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let setting = names.setting(said.the(Role::Setting), said.value())?;
        Ok(Self(setting))
    }

    fn effect(&self) -> Effect {
        match self.0 {
            // A set may bring features of its own.
            Setting::Images(_) => Effect::Session,
            _ => Effect::Nothing,
        }
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<(), DeskError> {
        planner.says("nothing is computed with a model");
        Ok(())
    }

    fn run(&self, (): (), desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let sink = &mut *desk.sink;
        let mut look = |name: &str, value: &str| {
            sink.set(name, value).map_err(|message| DeskError::Refused {
                message,
                help: None,
            })
        };
        let session = &mut *desk.settings;
        match &self.0 {
            Setting::Format(format) => look("format", format)?,
            Setting::Pictures(how) => look("images", how)?,
            Setting::Timer(on) => look("timer", switch(*on))?,
            Setting::Progress(on) => look("progress", switch(*on))?,
            Setting::Pager(on) => look("pager", switch(*on))?,
            Setting::Rows(rows) => look("rows", &number_or(*rows, "all"))?,
            Setting::Width(columns) => look("width", &number_or(*columns, "auto"))?,
            Setting::Color(when) => look("color", when)?,
            Setting::Images(set) => session.set.clone_from(set),
            Setting::Clip(clip) => session.clip.clone_from(clip),
            Setting::Score(score) => session.score = Some(*score),
            Setting::Limit(limit) => session.limit = *limit,
            Setting::Seed(seed) => session.seed = *seed,
            Setting::Template(template) => session.template = Some(template.clone()),
        }
        Ok(Answer::default().into())
    }
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn number_or(number: Option<usize>, word: &str) -> String {
    number.map_or(word.to_owned(), |number| number.to_string())
}
