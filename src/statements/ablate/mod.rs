//! `ablate`: what is lost without some components, one after the other or all at once. It is ablation in the
//! decomposition: the direct effect on the representation.

mod measure;

use std::sync::Arc;

use polars::prelude::Column;

use self::measure::{Measure, MeasureOf, Measured};
use crate::desk::classes::replacing::{ReplacedBy, Replacement, replaced};
use crate::desk::images::halves::Halves;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::units::groups::components_of;
use crate::desk::units::random_components::{DRAWS, mean_and_sd, random_like};
use crate::desk::units::selection::Choice;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::{Answer, Curves, Picture};
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Selection, Target, Unit};
use crate::lang::resolve::{Names, Resolved};

/// `ablate SELECTION in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ablate {
    /// The model, and the images.
    pub target: Target,
    /// What is ablated.
    pub selection: Selection,
    /// Whether it is unit by unit, each with those before it.
    pub cumulatively: bool,
    /// What is measured.
    pub measure: Measure,
    /// What is in the place of what is ablated.
    pub replacement: Replacement,
    /// Which images are judged by; `None` for all.
    pub images: Option<Filter>,
    /// The greatest number of rows.
    pub limit: Option<usize>,
    /// The seed of all that is drawn.
    pub seed: u64,
}

/// What ablating takes.
pub struct Tickets {
    stored: Arc<Stored>,
    halves: Halves,
    choice: Choice,
    replaced: ReplacedBy,
    measure: MeasureOf,
}

/// A step of an ablation.
struct Step {
    /// What it ablates besides what the step before did, in words.
    words: String,
    /// All that it ablates.
    components: Vec<usize>,
}

impl Statement for Ablate {
    const RULE: &'static str = "ablate";
    const HELP: &'static Topic = &Topic {
        name: "ablate",
        summary: "What is lost without some of the units?",
        form: "ablate SELECTION [cumulatively] in MODEL [measuring accuracy|similarity|COLUMN] [with mean|zero|resample] [OPTIONS]",
        text: "Ablated contributions are replaced by their mean over images that are not judged, unless `with` says \
               otherwise; what later layers read from them stays (their direct effect). accuracy: for the column \
               `label` or `class`, or else the feature's column of most values, by a linear head and by CLIP's texts. \
               similarity: the cosine with the whole. COLUMN: what a probe fitted on the whole still reads. Beside it \
               as many random components.",
        examples: &[
            "ablate layers 5 to 0 cumulatively in deit measuring accuracy",
            "ablate random 5 heads seed 1 in deit measuring object with zero",
        ],
        about_images: true,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let set = names.set_decomposed_with(model, said.said("on"))?;
        let images = names.images_where(said, &set)?;
        let measure = Measure::read(said, model, &set, names)?;
        let selection = names.selection(said, "ablated", model, &set)?;
        let seed = names.seed(said.said("seed"))?.unwrap_or(0);
        let replacement = match said.clause("replacement") {
            Some(by) if by.has("zero") => Replacement::Zero,
            Some(by) if by.has("resample") => Replacement::Resample(seed),
            _ => Replacement::Mean,
        };
        Ok(Self {
            cumulatively: said.has("cumulatively"),
            limit: names.limit(said)?,
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            selection: selection.expect("the grammar lets no `ablate` through without units"),
            measure,
            replacement,
            images,
            seed,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let what = "measure what is left when components are ablated";
        planner.step(what, |planner| {
            planner.step_on("judge", &self.target, |planner| self.plan_model(planner))
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let specs = tickets.stored.specs();
        let steps = self.steps(&tickets.stored, tickets.choice.units(desk)?)?;
        let choices: Vec<Vec<usize>> = steps.iter().map(|step| step.components.clone()).collect();
        let control = random_like(specs, &choices, self.seed).concat();
        let variants: Vec<Vec<usize>> = choices.into_iter().chain(control).collect();
        let instead = tickets.replaced.instead(&variants, desk)?;
        let measures = tickets.measure.run(&variants, &instead, desk)?;
        let (columns, curves) = self.show(&steps, &measures.measured);
        let mut table = frame(columns)?;
        if let Some(limit) = self.limit {
            table = table.head(Some(limit));
        }
        let mut notes = vec![tickets.halves.note];
        notes.extend(measures.notes);
        notes.push(format!(
            "{}; what later layers read from them is left as it was (their direct effect)",
            replaced(self.replacement)
        ));
        notes.push(format!(
            "random: as many random components of the same kinds, {DRAWS} draws"
        ));
        Ok(Answer {
            title: Some(format!("ablations in {}", self.target.model)),
            frame: table,
            pictures: match self.cumulatively {
                true => vec![Picture::Curves(curves)],
                false => Vec::new(),
            },
            notes,
            cached: measures.cached,
            ..Answer::default()
        }
        .into())
    }
}

impl Ablate {
    fn plan_model(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let target = &self.target;
        let set = planner.set(&target.set)?;
        let stored = planner.decomposed(target)?;
        let halves = planner.halves(target, &set, self.images.as_ref(), self.seed)?;
        Ok(Tickets {
            choice: planner.choice(&self.selection, target, &stored)?,
            replaced: planner.replaced_by(self.replacement, &stored, &halves)?,
            measure: self.measure.plan(&set, &stored, &halves, planner)?,
            stored,
            halves,
        })
    }

    /// Nothing first; then the units one after the other, each with those before it, or all at once.
    fn steps(&self, stored: &Stored, units: Vec<Unit>) -> Result<Vec<Step>, DeskError> {
        if units.is_empty() {
            return Err(DeskError::refused(
                "the selection has no unit",
                "name other units after `ablate`, or leave out an `except`",
            ));
        }
        let mut steps = vec![Step {
            words: "nothing".to_owned(),
            components: Vec::new(),
        }];
        if self.cumulatively {
            for (place, unit) in units.iter().enumerate() {
                steps.push(Step {
                    words: unit.to_string(),
                    components: components_of(stored.specs(), &units[..=place])?.components,
                });
            }
        } else {
            let chosen = components_of(stored.specs(), &units)?;
            steps.push(Step {
                words: chosen.words,
                components: chosen.components,
            });
        }
        Ok(steps)
    }

    /// The table and the curves of measures, whose values are those of the steps, then of their controls, draw by draw.
    fn show(&self, steps: &[Step], measured: &[Measured]) -> (Vec<Column>, Curves) {
        let count = steps.len();
        let sizes = steps.iter().map(|step| Some(step.components.len() as u32));
        let mut columns = vec![
            whole("step", (0..count as u32).map(Some)),
            texts("ablated", steps.iter().map(|step| step.words.as_str())),
            whole("components", sizes),
        ];
        let mut lines = Vec::new();
        for Measured { name, values } in measured {
            let random = (0..count).map(|step| {
                let draws = (1..=DRAWS).map(|draw| values[draw * count + step]);
                mean_and_sd(&draws.collect::<Vec<_>>())
            });
            let (means, spreads): (Vec<f64>, Vec<f64>) = random.unzip();
            let of = |what: &str| match measured.len() {
                1 => what.to_owned(),
                _ => format!("{name} {what}"),
            };
            let line = |values: &[f64]| values.iter().map(|&v| v as f32).collect();
            lines.push((name.clone(), line(&values[..count])));
            lines.push((of("random"), line(&means)));
            columns.push(numbers(name, values[..count].iter().copied()));
            columns.push(numbers(&of("random"), means));
            columns.push(numbers(&of("random sd"), spreads));
        }
        let curves = Curves {
            title: format!("what is left in {}", self.target.model),
            x_label: "ablated, one after the other".to_owned(),
            y_label: self.measure.word().to_owned(),
            x: steps.iter().map(|step| step.words.clone()).collect(),
            lines,
        };
        (columns, curves)
    }
}
