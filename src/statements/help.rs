//! `help`: the page on a statement or subject, or the list of pages.

use crate::desk::statement::{Outcome, Statement};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::resolve::{Names, Resolved, unknown};

/// `help`, of one page or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help(pub Option<&'static Topic>);

impl Statement for Help {
    const RULE: &'static str = "help";
    const HELP: &'static Topic = &Topic {
        name: "help",
        summary: "Help on a statement or subject.",
        form: "help [TOPIC]",
        text: "",
        examples: &["help", "help rank"],
        about_images: false,
    };
    type Tickets = ();

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let Some(slot) = said.name_of(Role::Topic) else {
            return Ok(Self(None));
        };
        let name = names.name(slot)?;
        let topic = names.catalog.topic(&name).ok_or_else(|| {
            let known = names.catalog.topics.iter();
            let known = known.map(|topic| topic.name.to_owned());
            unknown(Role::Topic, name, known.collect(), slot.span)
        })?;
        Ok(Self(Some(topic)))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<(), DeskError> {
        planner.says("nothing is computed with a model");
        Ok(())
    }

    fn run(&self, (): (), desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        Ok(Outcome::Words(match self.0 {
            Some(topic) => page(topic),
            None => contents(&desk.catalog().topics),
        }))
    }
}

/// All pages, a line each.
fn contents(topics: &[&Topic]) -> String {
    let line = |topic: &&Topic| format!("  {:<16}{}", topic.name, topic.summary);
    let lines: Vec<String> = topics.iter().map(line).collect();
    format!("help TOPIC tells more about\n{}", lines.join("\n"))
}

fn page(topic: &Topic) -> String {
    let mut text = format!("{}\n\n  {}", topic.summary, topic.form);
    if !topic.text.is_empty() {
        text.push_str(&format!("\n\n{}", topic.text));
    }
    if !topic.examples.is_empty() {
        text.push_str(&format!("\n\nExamples:\n  {}", topic.examples.join("\n  ")));
    }
    text
}
