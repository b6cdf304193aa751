//! `evaluate ablation`: how much of every feature a probe of the whole representation still reads when the feature's top
//! units are ablated, against bottom and random ones.

use std::sync::Arc;

use super::choices::{Choices, Scoring};
use super::help;
use super::unselected::{refuse_selection, selects};
use crate::analysis::{Instead, Labels};
use crate::desk::classes::class_heads::{Judging, LinearHeadOf};
use crate::desk::classes::judging::Trial;
use crate::desk::classes::replacing::{ReplacedBy, Replacement, replaced};
use crate::desk::images::halves::Halves;
use crate::desk::images::true_columns::Known;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::rows::Rows;
use crate::desk::tables::columns::{frame, numbers, texts, whole};
use crate::desk::units::random_components::{DRAWS, mean_and_sd};
use crate::desk::units::scores::Asking;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Score, UnitsAsked};
use crate::lang::resolve::{ConditionScope, Names, Resolved};

/// `evaluate ablation of UNITS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateAblation {
    /// The model asked, with its units.
    pub asked: UnitsAsked,
    /// The features; all that something is known about if none is named.
    pub concepts: Vec<Concept>,
    /// How units are scored.
    pub score: Score,
    /// Which images are judged by; `None` for all.
    pub images: Option<Filter>,
    /// How many units are ablated; `None` for a fifth.
    pub count: Option<usize>,
    /// The seed of all that is drawn.
    pub seed: u64,
    /// Whether it selects units besides those it names, which is refused.
    pub selects: bool,
}

/// What evaluating takes.
pub struct Tickets {
    stored: Arc<Stored>,
    /// How many units there are to choose from.
    units: usize,
    known: Vec<Known>,
    halves: Halves,
    scoring: Scoring,
    replaced: ReplacedBy,
    probe: Probe,
}

/// What fitting probes and judging by them takes.
struct Probe {
    head: LinearHeadOf,
    judged: Rows,
}

impl Statement for EvaluateAblation {
    const RULE: &'static str = "evaluate_ablation";
    const HELP: &'static Topic = &help::HELP;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let concepts = names.concepts(said)?;
        let model = names.model(said.the(Role::Model))?;
        let (asked, conditions) = names.units_asked(said, model, ConditionScope::Units)?;
        Ok(Self {
            selects: selects(said, model, &asked.target.set, names)?,
            score: names.score(said)?,
            images: conditions.images,
            count: names.limit(said)?,
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
            asked,
            concepts,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        refuse_selection(self.selects)?;
        let what = "hold ablation of top units against that of random ones";
        planner.step(what, |planner| {
            let target = &self.asked.target;
            planner.step_on("evaluate", target, |planner| self.plan_model(planner))
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let all: Vec<usize> = (0..tickets.stored.specs().len()).collect();
        let instead = tickets.replaced.instead(&[all], desk)?;
        let scored = tickets.scoring.run(desk)?;
        // A fifth of the units: few enough to leave the rest, enough to tell from noise.
        let count = self.count.unwrap_or(tickets.units.div_ceil(5));
        let (mut rows, mut notes) = (Vec::new(), vec![tickets.halves.note]);
        for (feature, known) in tickets.known.iter().enumerate() {
            let choices = scored.choices(feature, count, self.seed)?;
            let name = known.concept.label();
            match tickets
                .probe
                .reads(&known.labels, choices, &instead, desk)?
            {
                Some(read) => rows.push((name, read)),
                None => notes.push(format!(
                    "{name}: fewer than two values among the images to fit on"
                )),
            }
        }
        notes.push(format!(
            "accuracy of a linear probe that was fitted on whole representations, with {count} units ablated: those that score highest for the feature, those that score lowest, and random ones, {DRAWS} draws"
        ));
        notes.push(format!(
            "{}; their direct effect alone",
            replaced(Replacement::Mean)
        ));
        let random: Vec<(f64, f64)> = rows.iter().map(|row| mean_and_sd(&row.1[3..])).collect();
        let ablated = Some(count.min(tickets.units) as u32);
        let table = frame(vec![
            texts("feature", rows.iter().map(|row| row.0.as_str())),
            whole("ablated", rows.iter().map(|_| ablated)),
            numbers("before", rows.iter().map(|row| row.1[0])),
            numbers("top", rows.iter().map(|row| row.1[1])),
            numbers("bottom", rows.iter().map(|row| row.1[2])),
            numbers("random", random.iter().map(|random| random.0)),
            numbers("random sd", random.iter().map(|random| random.1)),
        ])?;
        let model = &self.asked.target.model;
        Ok(Answer {
            title: Some(format!("what is left to read in {model}")),
            frame: table,
            notes,
            cached: true,
            ..Answer::default()
        }
        .into())
    }
}

impl EvaluateAblation {
    fn plan_model(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let target = &self.asked.target;
        let set = planner.set(&target.set)?;
        let (stored, units) = planner.decomposed_units(target, &self.asked.units)?;
        let halves = planner.halves(target, &set, self.images.as_ref(), self.seed)?;
        let known = planner.known(&self.concepts, &set)?;
        let concepts: Vec<Concept> = known.iter().map(|known| known.concept.clone()).collect();
        let asking = Asking {
            target,
            prompt: &self.asked.prompt,
            units: &units,
            concepts: &concepts,
            score: self.score,
            images: None,
        };
        Ok(Tickets {
            scoring: Scoring::plan(&asking, Vec::new(), &stored, planner)?,
            replaced: planner.replaced_by_means(&stored, &halves)?,
            probe: planner.step("for every feature", |planner| {
                Ok(Probe {
                    head: planner.linear_head("the feature", &stored, &halves)?,
                    judged: planner.judged(&stored, &halves, Judging::Ablated),
                })
            })?,
            units: units.len(),
            stored,
            known,
            halves,
        })
    }
}

impl Probe {
    /// Accuracy of a probe of the whole, then without top units, bottom units, and each choice of random ones; nothing where
    /// the images to fit on are of fewer than two classes.
    fn reads(
        &self,
        labels: &Labels,
        choices: Choices,
        instead: &Instead,
        desk: &Desk<'_>,
    ) -> Result<Option<Vec<f64>>, DeskError> {
        let Some(head) = self.head.fit(labels, desk)? else {
            return Ok(None);
        };
        let mut variants = vec![Vec::new(), choices.top, choices.bottom];
        variants.extend(choices.random);
        let trial = Trial {
            rows: &self.judged,
            variants: &variants,
            instead,
        };
        Ok(Some(trial.accuracies(&head, labels, desk)?))
    }
}
