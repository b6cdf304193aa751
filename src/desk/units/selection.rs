//! Selections: which components `using`, `without` and `ablate` mean, and the ticket to choose them.

use std::sync::Arc;

use crate::align::Random;
use crate::decompose::RowSpec;
use crate::desk::stored::decomposition::Stored;
use crate::desk::units::groups::{Named, components_of, unit_named};
use crate::desk::units::scores::{Asking, ConceptScores};
use crate::desk::{Desk, DeskError, Planner};
use crate::lang::ast::Joint;
use crate::lang::query::{Concept, Extreme, Selection, Target, Term, Unit};

/// The right to choose units.
pub struct Choice {
    terms: Vec<(Joint, Choosing)>,
}

/// What choosing one term takes.
enum Choosing {
    /// Nothing: the units are known.
    Known(Vec<Unit>),
    /// Scores.
    Scores {
        extreme: Extreme,
        concepts: Vec<Concept>,
        scores: Box<ConceptScores>,
    },
}

/// The right to choose components: those after `using`, without those after `without`.
pub struct ChosenOf {
    stored: Arc<Stored>,
    using: Option<Choice>,
    without: Option<Choice>,
}

impl Planner<'_> {
    /// Plans to choose units: nothing has to be computed where they are named.
    ///
    /// # Errors
    /// When a result that is named has no units, or what scores rest on is not there.
    pub fn choice(
        &mut self,
        selection: &Selection,
        target: &Target,
        stored: &Arc<Stored>,
    ) -> Result<Choice, DeskError> {
        let mut terms = Vec::new();
        for (joint, term) in &selection.terms {
            let choosing = match term {
                Term::Units(units) => Choosing::Known(units.clone()),
                Term::Random { count, units, seed } => {
                    let mut units = units.clone();
                    Random::new(*seed).shuffle(&mut units);
                    units.truncate(*count);
                    Choosing::Known(units)
                }
                Term::Result(name) => {
                    let units = self.units_of_result(name)?;
                    self.says(format!("the units of the result {name}"));
                    Choosing::Known(units)
                }
                Term::Extreme(extreme) => self.extreme(extreme, target, stored)?,
            };
            terms.push((*joint, choosing));
        }
        Ok(Choice { terms })
    }

    fn extreme(
        &mut self,
        extreme: &Extreme,
        target: &Target,
        stored: &Arc<Stored>,
    ) -> Result<Choosing, DeskError> {
        let concepts: Vec<Concept> = std::iter::once(&extreme.concept)
            .chain(&extreme.over)
            .cloned()
            .collect();
        let end = if extreme.top { "top" } else { "bottom" };
        let words = format!(
            "the {end} {} units for {}",
            extreme.count,
            extreme.concept.label()
        );
        let scores = self.step(words, |planner| {
            let asking = Asking {
                target,
                prompt: &extreme.prompt,
                units: &extreme.units,
                concepts: &concepts,
                score: extreme.score,
                images: None,
            };
            planner.scores(&asking, stored)
        })?;
        Ok(Choosing::Scores {
            extreme: extreme.clone(),
            concepts,
            scores: Box::new(scores),
        })
    }

    /// Plans to choose components.
    ///
    /// # Errors
    /// As [`Self::choice`].
    pub fn chosen(
        &mut self,
        using: Option<&Selection>,
        without: Option<&Selection>,
        target: &Target,
        stored: &Arc<Stored>,
    ) -> Result<ChosenOf, DeskError> {
        let mut choice = |selection: Option<&Selection>| {
            selection
                .map(|selection| self.choice(selection, target, stored))
                .transpose()
        };
        Ok(ChosenOf {
            using: choice(using)?,
            without: choice(without)?,
            stored: stored.clone(),
        })
    }

    /// The units named in the column `unit` of a result.
    fn units_of_result(&self, name: &str) -> Result<Vec<Unit>, DeskError> {
        let none = || {
            DeskError::refused(
                format!("there is no result {name} with a column `unit`"),
                format!("end a ranking with `into {name}`"),
            )
        };
        let table = self.results().get(name).ok_or_else(none)?;
        let column = table.column("unit").map_err(|_| none())?;
        let names = column.str().map_err(|_| none())?;
        let unit = |text: &str| {
            unit_named(text).ok_or_else(|| {
                DeskError::refused(
                    format!("“{text}” in the result {name} is no unit that is stored with a decomposition"),
                    "rank heads, mlps, layers or components, without `as paper`",
                )
            })
        };
        names.iter().flatten().map(unit).collect()
    }
}

impl Choice {
    /// The units, each once, in order.
    ///
    /// # Errors
    /// When scores can't be computed.
    pub fn units(self, desk: &mut Desk<'_>) -> Result<Vec<Unit>, DeskError> {
        let mut units: Vec<Unit> = Vec::new();
        for (joint, choosing) in self.terms {
            let named = choosing.units(desk)?;
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
}

impl Choosing {
    fn units(self, desk: &mut Desk<'_>) -> Result<Vec<Unit>, DeskError> {
        let (extreme, concepts, scores) = match self {
            Self::Known(units) => return Ok(units),
            Self::Scores {
                extreme,
                concepts,
                scores,
            } => (extreme, concepts, scores),
        };
        let (found, _) = scores.run(&concepts, extreme.score, desk)?;
        let score = |scores: &Vec<f64>| match scores.as_slice() {
            [concept, over] => concept - over,
            one => one[0],
        };
        let scores = found.scores.iter().map(score);
        let mut scored: Vec<(Unit, f64)> = extreme.units.iter().copied().zip(scores).collect();
        scored.sort_by(|a, b| match extreme.top {
            true => b.1.total_cmp(&a.1),
            false => a.1.total_cmp(&b.1),
        });
        let units = scored.into_iter().take(extreme.count);
        Ok(units.map(|(unit, _)| unit).collect())
    }
}

impl ChosenOf {
    /// The components after `using` (all if nothing comes after it), without those after `without`.
    ///
    /// # Errors
    /// When the choice leaves no component.
    pub fn components(self, desk: &mut Desk<'_>) -> Result<Named, DeskError> {
        let all = Named {
            components: (0..self.stored.specs().len()).collect(),
            words: "all components".to_owned(),
        };
        self.components_or(all, desk)
    }

    /// As [`Self::components`], with `unnamed` where nothing comes after `using`.
    ///
    /// # Errors
    /// As [`Self::components`].
    pub fn components_or(self, unnamed: Named, desk: &mut Desk<'_>) -> Result<Named, DeskError> {
        let specs = self.stored.specs();
        let mut chosen = match self.using {
            Some(choice) => components_of(specs, &choice.units(desk)?)?,
            None => unnamed,
        };
        if let Some(choice) = self.without {
            let left_out = components_of(specs, &choice.units(desk)?)?;
            chosen
                .components
                .retain(|component| !left_out.components.contains(component));
            chosen.words = format!("{} without {}", chosen.words, left_out.words);
        }
        if chosen.components.is_empty() {
            return Err(DeskError::refused(
                "the selection leaves no component",
                "name other units after `using` or `without`, or leave out an `except`",
            ));
        }
        Ok(chosen)
    }
}

/// The components of a selection that names its units itself; nothing where some are chosen by score, by chance or by a
/// result.
///
/// # Errors
/// When a unit is not stored.
pub fn of_named(specs: &[RowSpec], selection: &Selection) -> Result<Option<Vec<usize>>, DeskError> {
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
    Ok(Some(components_of(specs, &units)?.components))
}
