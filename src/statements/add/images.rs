//! `add images`: an image set from a folder or a table.

use super::help;
use crate::desk::models::passes::Change;
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::files::paths;
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved};
use crate::store::{AddReport, Unreadable};

/// How many unreadable images are named.
const NAMED: usize = 5;

/// `add images NAME from PATH with LABELS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddImages {
    /// What the set is called.
    pub name: String,
    /// The folder or table that the images are in.
    pub path: String,
    /// A table of what is known about the images of a folder.
    pub labels: Option<String>,
}

impl Statement for AddImages {
    const RULE: &'static str = "add_images";
    const HELP: &'static Topic = &help::HELP;
    const EFFECT: Effect = Effect::Store;
    type Tickets = Change;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let labels = said.texts().into_iter().nth(1);
        Ok(Self {
            name: names.name(said.the(Role::NewName))?,
            path: names.text(said.the_text())?,
            labels: labels.map(|labels| names.text(&labels)).transpose()?,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Change, DeskError> {
        Ok(planner.change("nothing is computed with a model"))
    }

    fn run(&self, change: Change, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let report = change.store(desk).add_images(
            &self.name,
            &paths::expand(&self.path),
            self.labels.as_deref().map(paths::expand).as_deref(),
            desk.cancel,
            desk.progress,
        )?;
        let answer = Answer {
            notes: notes(&self.name, report),
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

fn notes(name: &str, report: AddReport) -> Vec<String> {
    let verb = if report.replaced { "replaced" } else { "added" };
    let columns = match report.columns.as_slice() {
        [] => "no columns".to_owned(),
        columns => format!("the columns {}", columns.join(", ")),
    };
    let mut notes = vec![format!(
        "{verb} {name}: {} images with {columns}",
        report.images
    )];
    notes.extend(report.notes);
    if !report.unreadable.is_empty() {
        notes.push(unreadable_in_words(&report.unreadable));
    }
    notes
}

fn unreadable_in_words(unreadable: &[Unreadable]) -> String {
    let named = unreadable.iter().take(NAMED);
    let names: Vec<String> = named.map(|u| format!("{} ({})", u.image, u.why)).collect();
    let more = unreadable.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "{} of them can't be read and will be skipped: {}{tail}",
        unreadable.len(),
        names.join("; ")
    )
}
