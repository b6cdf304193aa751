//! [`Registry`]: the statements there are; and [`Query`], a whole one as it is read: what it does, what is done to its
//! answer, the name it is kept under.

use crate::desk::statement::{Form, Task};
use crate::lang::ast::{self, Body};
use crate::lang::catalog::{Catalog, Settings};
use crate::lang::error::ResolveError;
use crate::lang::help::{SUBJECTS, Topic};
use crate::lang::query::Stage;
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Spanned;

/// A statement that can be carried out.
#[derive(Debug)]
pub struct Query {
    /// What to do.
    pub act: Act,
    /// What to do with the answer, in order.
    pub stages: Vec<Stage>,
    /// The name to keep the answer under.
    pub into: Option<String>,
    /// What the user should know about how the statement was read; each a sentence.
    pub notes: Vec<String>,
}

/// What a statement asks for.
#[derive(Debug)]
pub enum Act {
    /// To carry out a task.
    Do(Box<dyn Task>),
    /// To show the plan of another statement.
    Explain(Box<Query>),
}

/// A list of statements that can be read.
#[derive(Clone, Copy)]
pub struct Registry(pub &'static [Form]);

impl Registry {
    /// Looks up everything a statement names.
    ///
    /// # Errors
    /// The first thing that isn't known, fits or exists, with its span.
    pub fn resolve(
        self,
        statement: &Spanned<ast::Statement>,
        catalog: &Catalog,
        settings: &Settings,
    ) -> Result<Query, ResolveError> {
        self.statement(&statement.value, &mut Names::new(catalog, settings))
    }

    fn statement(self, statement: &ast::Statement, names: &mut Names<'_>) -> Resolved<Query> {
        let (act, columns) = match &statement.body {
            Body::Explains(inner) => {
                let inner = self.statement(&inner.value, names)?;
                (Act::Explain(Box::new(inner)), None)
            }
            Body::Does(said) => {
                let form = self.0.iter().find(|form| form.rule == said.name);
                let form = form.expect("every statement of the grammar is registered");
                let task = (form.read)(said, names)?;
                names.check_options(said)?;
                let columns = task.columns(names.catalog);
                (Act::Do(task), columns)
            }
        };
        let stages = names.stages(&statement.stages, columns)?;
        let into = statement.into.as_ref().map(|name| names.name(name));
        Ok(Query {
            act,
            stages,
            into: into.transpose()?,
            notes: std::mem::take(&mut names.notes),
        })
    }

    /// The pages of help on statements, each once: several forms of a statement share one.
    #[must_use]
    pub fn pages(self) -> Vec<&'static Topic> {
        let mut pages: Vec<&'static Topic> = Vec::new();
        for page in self.0.iter().map(|form| form.help) {
            if !pages.iter().any(|known| known.name == page.name) {
                pages.push(page);
            }
        }
        pages
    }

    /// All pages of help: those on statements, then those on what they share.
    #[must_use]
    pub fn topics(self) -> Vec<&'static Topic> {
        self.pages().into_iter().chain(SUBJECTS).collect()
    }
}
