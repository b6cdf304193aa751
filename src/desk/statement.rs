//! What a statement is: a type with exactly its own fields, which is read from what was written, says in a plan what it
//! will read and compute, and is carried out from that plan.

use super::desk::Desk;
use super::error::DeskError;
use super::plan::Plan;
use super::planner::Planner;
use super::shelf::Shelf;
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::catalog::{Catalog, ColumnInfo};
use crate::lang::help::Topic;
use crate::lang::query::Stage;
use crate::lang::resolve::{Names, Resolved};
use crate::work::cancel::Cancel;

/// A statement.
pub trait Statement: std::fmt::Debug + Sized + 'static {
    /// The name of its rule in the grammar.
    const RULE: &'static str;
    /// Its page of help.
    const HELP: &'static Topic;
    /// What it changes, unless that depends on what was said.
    const EFFECT: Effect = Effect::Nothing;

    /// What it runs with: the tickets that planning it gave, and what was looked up for them.
    type Tickets: 'static;

    /// Takes it from what was written: names looked up, numbers in range, defaults filled in.
    ///
    /// # Errors
    /// The first word that means nothing, with its place.
    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self>;

    /// What it changes.
    fn effect(&self) -> Effect {
        Self::EFFECT
    }

    /// The columns of its answer, where they are known before it runs.
    fn columns(&self, _catalog: &Catalog) -> Option<Vec<ColumnInfo>> {
        None
    }

    /// Plans what it will read and compute.
    ///
    /// # Errors
    /// When what it rests on is missing.
    fn plan(&self, planner: &mut Planner<'_>) -> Result<Self::Tickets, DeskError>;

    /// Carries it out.
    ///
    /// # Errors
    /// [`DeskError`], whatever stage it comes from.
    fn run(&self, tickets: Self::Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError>;
}

/// What a statement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing but what is kept to answer sooner.
    Nothing,
    /// What names mean in this session.
    Session,
    /// The store.
    Store,
}

/// What a statement comes to.
#[derive(Debug)]
pub enum Outcome {
    /// An answer, to be piped on and kept.
    Answer(Answer),
    /// An answer that is to be shown as it is: nothing is left to be done to it.
    Final(Answer),
    /// Words that are an answer in themselves.
    Words(String),
    /// The statements of this file, to be carried out.
    Script(String),
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// Any statement, once it is read.
pub trait Task: std::fmt::Debug {
    /// As [`Statement::effect`].
    fn effect(&self) -> Effect;
    /// As [`Statement::columns`].
    fn columns(&self, catalog: &Catalog) -> Option<Vec<ColumnInfo>>;
    /// Plans it. `stages` are what is done to its answer, `named` says whether that is kept under a name, and `cancel` stops
    /// the planning.
    ///
    /// # Errors
    /// As [`Statement::plan`].
    fn prepare(
        self: Box<Self>,
        shelf: Shelf<'_>,
        stages: &[Stage],
        named: bool,
        cancel: &Cancel,
    ) -> Result<Prepared, DeskError>;
    /// Itself, to be told what it is.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// A statement with its plan, ready to be carried out.
pub struct Prepared {
    /// What it will do.
    pub plan: Plan,
    run: Box<Run>,
    notes: Vec<String>,
}

type Run = dyn FnOnce(&mut Desk<'_>) -> Result<Outcome, DeskError>;

impl Prepared {
    /// Carries the plan out.
    ///
    /// # Errors
    /// As [`Statement::run`].
    pub fn run(self, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let mut outcome = (self.run)(desk)?;
        if let Outcome::Answer(answer) | Outcome::Final(answer) = &mut outcome {
            answer.notes.extend(self.notes);
        }
        Ok(outcome)
    }
}

impl<S: Statement> Task for S {
    fn effect(&self) -> Effect {
        Statement::effect(self)
    }

    fn columns(&self, catalog: &Catalog) -> Option<Vec<ColumnInfo>> {
        Statement::columns(self, catalog)
    }

    fn prepare(
        self: Box<Self>,
        shelf: Shelf<'_>,
        stages: &[Stage],
        named: bool,
        cancel: &Cancel,
    ) -> Result<Prepared, DeskError> {
        let mut planner = Planner::new(shelf, stages, named, cancel);
        let tickets = self.plan(&mut planner)?;
        let (plan, notes) = planner.finish();
        Ok(Prepared {
            plan,
            run: Box::new(move |desk| self.run(tickets, desk)),
            notes,
        })
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// How a statement is registered: by the rule that the grammar has for it.
#[derive(Clone, Copy)]
pub struct Form {
    /// The name of the rule.
    pub rule: &'static str,
    /// Its page of help; several forms may share one.
    pub help: &'static Topic,
    /// Reads it.
    pub read: fn(&Clause, &mut Names<'_>) -> Resolved<Box<dyn Task>>,
}

impl Form {
    /// The form of a statement.
    #[must_use]
    pub const fn of<S: Statement>() -> Self {
        Self {
            rule: S::RULE,
            help: S::HELP,
            read: |said, names| Ok(Box::new(S::read(said, names)?)),
        }
    }
}
