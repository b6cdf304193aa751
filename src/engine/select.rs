//! Selections: which components `using` and `without` mean.

use super::rank::groups;
use super::{Desk, EngineError};
use crate::align::Random;
use crate::contributions::Contributions;
use crate::decompose::Component;
use crate::lang::ast::Joint;
use crate::lang::query::{Concept, Question, Selection, Target, Term, Unit};

/// The components that were chosen.
pub(super) struct Chosen {
    /// Their positions, sorted.
    pub components: Vec<usize>,
    /// What they are called: the names of the units they belong to.
    pub words: String,
}

impl Desk<'_> {
    /// The components of the selection after `using` (all if there is none), without those of the one after `without`.
    pub(super) fn chosen(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &dyn Contributions,
    ) -> Result<Chosen, EngineError> {
        let all = Chosen {
            components: (0..stored.specs().len()).collect(),
            words: "all components".to_owned(),
        };
        self.chosen_or(all, question, target, stored)
    }

    /// As [`Self::chosen`], with `unnamed` where nothing comes after `using`.
    pub(super) fn chosen_or(
        &mut self,
        unnamed: Chosen,
        question: &Question,
        target: &Target,
        stored: &dyn Contributions,
    ) -> Result<Chosen, EngineError> {
        let mut chosen = match &question.using {
            Some(selection) => {
                let units = self.selected(question, target, selection)?;
                of_units(stored, &units)?
            }
            None => unnamed,
        };
        if let Some(selection) = &question.without {
            let units = self.selected(question, target, selection)?;
            let left_out = of_units(stored, &units)?;
            chosen
                .components
                .retain(|component| !left_out.components.contains(component));
            chosen.words = format!("{} without {}", chosen.words, left_out.words);
        }
        if chosen.components.is_empty() {
            return Err(EngineError::refused(
                "the selection leaves no component",
                "name other units after `using` or `without`, or leave out an `except`",
            ));
        }
        Ok(chosen)
    }

    /// The units of a selection, each once, in order.
    pub(super) fn selected(
        &mut self,
        question: &Question,
        target: &Target,
        selection: &Selection,
    ) -> Result<Vec<Unit>, EngineError> {
        let mut units: Vec<Unit> = Vec::new();
        for (joint, term) in &selection.terms {
            let named = self.term(question, target, term)?;
            match joint {
                Joint::And => {
                    for unit in named {
                        if !units.contains(&unit) {
                            units.push(unit);
                        }
                    }
                }
                Joint::Except => units.retain(|unit| !named.contains(unit)),
            }
        }
        Ok(units)
    }

    fn term(
        &mut self,
        question: &Question,
        target: &Target,
        term: &Term,
    ) -> Result<Vec<Unit>, EngineError> {
        match term {
            Term::Units(units) => Ok(units.clone()),
            Term::Random { count, units, seed } => {
                let mut units = units.clone();
                Random::new(seed.or(question.seed).unwrap_or(0)).shuffle(&mut units);
                units.truncate(*count);
                Ok(units)
            }
            Term::Extreme {
                top,
                count,
                units,
                concept,
                over,
            } => {
                let mut scores = self.unit_scores(question, target, units, concept)?;
                if let Some(core) = over {
                    let core = self.unit_scores(question, target, units, core)?;
                    for (score, core) in scores.iter_mut().zip(core) {
                        score.1 -= core.1;
                    }
                }
                scores.sort_by(|a, b| match top {
                    true => b.1.total_cmp(&a.1),
                    false => a.1.total_cmp(&b.1),
                });
                Ok(scores
                    .into_iter()
                    .take(*count)
                    .map(|(unit, _)| unit)
                    .collect())
            }
            Term::Result(name) => self.units_of_result(name),
        }
    }

    /// The units named in the column `unit` of a result.
    fn units_of_result(&self, name: &str) -> Result<Vec<Unit>, EngineError> {
        let none = || {
            EngineError::refused(
                format!("there is no result {name} with a column `unit`"),
                format!("end a ranking with `into {name}`"),
            )
        };
        let table = self.results.get(name).ok_or_else(none)?;
        let column = table.column("unit").map_err(|_| none())?;
        let names = column.str().map_err(|_| none())?;
        let unit = |text: &str| {
            unit_named(text).ok_or_else(|| {
                EngineError::refused(
                    format!("“{text}” in the result {name} is no unit that is stored with a decomposition"),
                    "rank heads, mlps, layers or components, without `as paper`",
                )
            })
        };
        names.iter().flatten().map(unit).collect()
    }

    pub(super) fn unit_scores(
        &mut self,
        question: &Question,
        target: &Target,
        units: &[Unit],
        concept: &Concept,
    ) -> Result<Vec<(Unit, f64)>, EngineError> {
        let asked = Question {
            concepts: vec![concept.clone()],
            images: None,
            using: None,
            ..question.clone()
        };
        let target = Target {
            units: units.to_vec(),
            ..target.clone()
        };
        let scored = self.score(&asked, &target)?.columns.into_iter().next();
        Ok(scored.map(|scored| scored.units).unwrap_or_default())
    }
}

/// The components of some units.
pub(super) fn of_units(stored: &dyn Contributions, units: &[Unit]) -> Result<Chosen, EngineError> {
    let groups = groups(stored.specs(), units)?;
    let mut components: Vec<usize> = groups
        .iter()
        .flat_map(|group| group.components.clone())
        .collect();
    components.sort_unstable();
    components.dedup();
    let names: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    Ok(Chosen {
        components,
        words: summary(&names),
    })
}

/// The components of a selection that names its units itself; nothing where some are chosen by score, by chance or by a result.
pub(super) fn of_named(
    stored: &dyn Contributions,
    selection: &Selection,
) -> Result<Option<Vec<usize>>, EngineError> {
    let mut units: Vec<Unit> = Vec::new();
    for (joint, term) in &selection.terms {
        let Term::Units(named) = term else {
            return Ok(None);
        };
        match joint {
            Joint::And => units.extend(named),
            Joint::Except => units.retain(|unit| !named.contains(unit)),
        }
    }
    Ok(Some(of_units(stored, &units)?.components))
}

/// The unit that tables call so.
fn unit_named(text: &str) -> Option<Unit> {
    if let Some(layer) = text.strip_prefix("layer ") {
        return layer.parse().ok().map(Unit::Layer);
    }
    text.parse::<Component>().ok().map(Unit::Component)
}

/// A few names, and how many more.
fn summary(names: &[String]) -> String {
    const NAMED: usize = 6;
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let more = names.len().saturating_sub(NAMED);
    let named = names[..names.len() - more].join(", ");
    if more > 0 {
        format!("{named} and {more} more")
    } else {
        named
    }
}
