//! A statement is added in one place: whatever is registered can be said, completed, explained, run and read about. Held to
//! it by a toy that takes the place of another statement, whose words the grammar already has.

use vitscope::desk::statement::{Form, Outcome, Statement};
use vitscope::desk::{Desk, DeskError, Planner};
use vitscope::interface::answer::Answer;
use vitscope::interface::engine::Engine;
use vitscope::lang::ast::Clause;
use vitscope::lang::catalog::{ColumnInfo, ColumnKind};
use vitscope::lang::error::ResolveError;
use vitscope::lang::expect::{Role, statement_keywords};
use vitscope::lang::help::Topic;
use vitscope::lang::resolve::{Names, Resolved};
use vitscope::lang::script::parse_script;
use vitscope::session::Session;
use vitscope::statements::{Registry, STATEMENTS};

use crate::language::{catalog, settings};
use crate::place::Place;
use crate::support::demo_model;

/// `check MODEL`, which here counts heads.
#[derive(Debug)]
struct CountHeads(String);

impl Statement for CountHeads {
    const RULE: &'static str = "check";
    const HELP: &'static Topic = &Topic {
        name: "check",
        summary: "How many heads has a model?",
        form: "check MODEL",
        text: "",
        examples: &["check dinov2"],
        about_images: false,
    };
    type Tickets = usize;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?.value;
        Ok(Self(model.name.clone()))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<usize, DeskError> {
        planner.says(format!("count the heads of {}", self.0));
        let heads = planner.model_info(&self.0).heads;
        Ok(heads.into_iter().map(usize::from).sum())
    }

    fn run(&self, heads: usize, _: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        Ok(Answer::of_note(format!("{} has {heads} heads", self.0)).into())
    }
}

const TOY: Registry = Registry(&[Form::of::<CountHeads>()]);

#[test]
fn what_is_registered_is_helped_completed_explained_and_run() {
    let place = Place::new();
    let open = || Session::open(place.store.root()).expect("a session");
    let folder = demo_model("deit");
    let add = format!("add model deit from \"{}\"", folder.display());
    open().ask(&add).expect("added");
    let session = || open().speaking(TOY);
    let asked = |statement: &str| session().ask(statement).expect(statement).notes;
    assert_eq!(asked("check deit"), ["deit has 24 heads"]);
    assert_eq!(asked("explain check deit"), ["count the heads of deit"]);
    let (_, candidates) = session().assist().complete("che", 3);
    let check = candidates
        .iter()
        .find(|candidate| candidate.text == "check");
    assert_eq!(check.expect("offered").about, CountHeads::HELP.summary);
}

#[test]
fn every_statement_of_the_grammar_is_registered_once_with_help_and_examples() {
    for keyword in statement_keywords() {
        let pages = STATEMENTS.topics();
        assert!(
            pages.iter().any(|page| page.name == keyword),
            "no help on {keyword}"
        );
    }
    let mut rules: Vec<&str> = STATEMENTS.0.iter().map(|form| form.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules.len(), STATEMENTS.0.len());
    let mut catalog = catalog();
    let split = ColumnInfo::new("split", ColumnKind::Text);
    catalog.sets[0].columns.push(split);
    for topic in STATEMENTS.topics() {
        assert!(!topic.examples.is_empty(), "{}", topic.name);
        for example in topic.examples {
            for statement in parse_script(example) {
                let statement = statement.unwrap_or_else(|e| panic!("{example}: {e}"));
                match STATEMENTS.resolve(&statement, &catalog, &settings()) {
                    // Several models could be meant here, and the swin of these tests has few layers.
                    Ok(_)
                    | Err(ResolveError::WhichModel { .. } | ResolveError::OutOfRange { .. }) => {}
                    Err(error) => panic!("{example}: {error}"),
                }
            }
        }
    }
}
