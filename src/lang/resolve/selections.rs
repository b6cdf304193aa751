//! Units asked about in words, and choices of them.

use super::conditions::ConditionScope;
use super::names::{Names, Resolved};
use super::values::wrong;
use crate::decompose::Component;
use crate::lang::ast::{self, Clause, Joint, Sort};
use crate::lang::catalog::ModelInfo;
use crate::lang::error::ResolveError;
use crate::lang::expect::Role;
use crate::lang::query::{Conditions, Extreme, Mapping, Selection, Target, Term, Unit, UnitsAsked};
use crate::lang::span::Spanned;

impl Names<'_> {
    /// The units of one model that a statement asks about in words, on images that are decomposed with it.
    pub fn units_asked(
        &mut self,
        said: &Clause,
        model: Spanned<&ModelInfo>,
        scope: ConditionScope,
    ) -> Resolved<(UnitsAsked, Conditions)> {
        let set = self.set_decomposed_with(model, said.said("on"))?;
        let prompt = self.prompt(said, model, &set)?;
        let units = self.all_units(&said.units(), model.value)?;
        let (units, conditions) = self.units_where(said, model, &set, units, scope)?;
        let target = Target {
            model: model.value.name.clone(),
            set,
        };
        let asked = UnitsAsked {
            target,
            prompt,
            units,
        };
        Ok((asked, conditions))
    }

    /// The units of each model that a statement names, and what its conditions leave to be tested later.
    ///
    /// The condition is one for all models. It is read once more with each, for the columns of the images that model is asked
    /// about; what is left of it after the units are chosen says the same every time, so that the last reading holds for all.
    pub fn units_asked_of_each(
        &mut self,
        said: &Clause,
        scope: ConditionScope,
    ) -> Resolved<(Vec<UnitsAsked>, Conditions)> {
        let (mut asked, mut conditions) = (Vec::new(), Conditions::default());
        for model in said.slots(Sort::Name(Role::Model)) {
            let model = self.model(model)?;
            let (units, left) = self.units_asked(said, model, scope)?;
            asked.push(units);
            conditions = left;
        }
        Ok((asked, conditions))
    }

    /// How a statement maps images with a model as it is aligned on a set.
    pub fn mapping(
        &mut self,
        said: &Clause,
        model: Spanned<&ModelInfo>,
        set: String,
    ) -> Resolved<Mapping> {
        Ok(Mapping {
            prompt: self.prompt(said, model, &set)?,
            using: self.selection(said, "using", model, &set)?,
            without: self.selection(said, "without", model, &set)?,
            target: Target {
                model: model.value.name.clone(),
                set,
            },
        })
    }

    /// The head that contributions go through, if a statement says `via`.
    pub fn via(&self, said: &Clause, model: &ModelInfo) -> Resolved<Option<Component>> {
        let Some(unit) = said.clause("via").map(Clause::the_units) else {
            return Ok(None);
        };
        match self.units(unit, model)?.as_slice() {
            [Unit::Component(head)] => Ok(Some(*head)),
            _ => Err(ResolveError::BadPlace {
                message: "contributions go via one head at a time".to_owned(),
                example: "head 5.2".to_owned(),
                span: unit.span,
            }),
        }
    }

    /// The selection of the clause `name` (`using`, `without`, `ablated`) of a statement about a model and a set.
    pub fn selection(
        &mut self,
        said: &Clause,
        name: &str,
        model: Spanned<&ModelInfo>,
        set: &str,
    ) -> Resolved<Option<Selection>> {
        let Some(written) = said.clause(name).and_then(Clause::selection) else {
            return Ok(None);
        };
        let mut terms = vec![(Joint::And, self.term(&written.first, said, model, set)?)];
        for (joint, term) in &written.rest {
            terms.push((*joint, self.term(term, said, model, set)?));
        }
        Ok(Some(Selection { terms }))
    }

    fn term(
        &mut self,
        written: &Spanned<ast::Term>,
        said: &Clause,
        model: Spanned<&ModelInfo>,
        set: &str,
    ) -> Resolved<Term> {
        Ok(match &written.value {
            ast::Term::Extreme {
                top,
                count,
                units,
                concept,
                over,
            } => Term::Extreme(Extreme {
                top: *top,
                count: self.count(count)?,
                units: self.units(units, model.value)?,
                concept: self.concept(concept)?,
                over: over.as_ref().map(|over| self.concept(over)).transpose()?,
                score: self.score(said)?,
                prompt: self.prompt(said, model, set)?,
            }),
            ast::Term::Random { count, units, seed } => {
                let own = self.seed(seed.as_ref())?;
                Term::Random {
                    count: self.count(count)?,
                    units: self.units(units, model.value)?,
                    seed: match own {
                        Some(seed) => seed,
                        None => self.seed(said.said("seed"))?.unwrap_or(0),
                    },
                }
            }
            ast::Term::Units(units) => {
                let units = Spanned::new(units.clone(), written.span);
                Term::Units(self.units(&units, model.value)?)
            }
            ast::Term::Result(name) => {
                let result = self.result(name)?;
                if !result.columns.iter().any(|column| column.name == "unit") {
                    let message = format!("{} has no column `unit`", result.name);
                    return Err(wrong(message, "a ranked result", written.span));
                }
                Term::Result(result.name.clone())
            }
        })
    }
}
