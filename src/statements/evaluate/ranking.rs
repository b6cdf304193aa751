//! `evaluate ranking`: do scores order units as what is known about the images does? For every unit, a cross-validated
//! probe says how well the attribute can be read from its contribution, without any text; scores are held against that.

use super::agreement::{Scored, Truth, by_feature, by_unit};
use super::clip_reference::ClipReference;
use super::help;
use super::unselected::{refuse_selection, selects};
use crate::analysis::{FOLDS, Group, Labels, chance, probe_units, spearman};
use crate::desk::images::true_columns::Known;
use crate::desk::plan::count_of;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::rows::Rows;
use crate::desk::tables::columns::frame;
use crate::desk::tables::wording::how_many;
use crate::desk::texts::embeddings::Texts;
use crate::desk::units::groups::{components_of, groups};
use crate::desk::units::scores::{Asking, UnitScores, bases};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Concept, Score, Unit, UnitsAsked};
use crate::lang::resolve::{ConditionScope, Names, Resolved};

/// The scores that come from moments: they cost nothing beside the one that was asked for.
const CHEAP: [Score; 4] = [
    Score::Correlation,
    Score::Variance,
    Score::Covariance,
    Score::OrderFree,
];

/// `evaluate ranking of UNITS in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluateRanking {
    /// The model asked, with its units.
    pub asked: UnitsAsked,
    /// The features; all that something is known about if none is named.
    pub concepts: Vec<Concept>,
    /// How units are scored, besides the ways that cost nothing.
    pub score: Score,
    /// Which images are judged by; `None` for all.
    pub images: Option<Filter>,
    /// The greatest number of rows.
    pub limit: Option<usize>,
    /// Whether units are called by the paper's own names.
    pub paper: bool,
    /// Whether it selects units besides those it names, which is refused.
    pub selects: bool,
}

/// What evaluating takes.
pub struct Tickets {
    model: ModelInfo,
    units: Vec<Unit>,
    groups: Vec<Group>,
    /// What is known of which there are several values among the images to judge by.
    known: Vec<Known>,
    /// The other features.
    alike: Vec<Known>,
    texts: Texts,
    /// As many as there are scores.
    scores: Vec<UnitScores>,
    probed: Rows,
    reference: Option<ClipReference>,
}

impl Statement for EvaluateRanking {
    const RULE: &'static str = "evaluate_ranking";
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
            limit: names.limit(said)?,
            paper: said.clause("paper").is_some(),
            asked,
            concepts,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        refuse_selection(self.selects)?;
        let what = "hold scores of units against probes of them";
        planner.step(what, |planner| {
            let target = &self.asked.target;
            planner.step_on("evaluate", target, |planner| self.plan_model(planner))
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let embeddings = tickets.texts.embed(desk)?;
        let mut cached = embeddings.cached;
        let concepts = concepts(&tickets.known);
        let mut scores = Vec::new();
        for (score, ticket) in self.scores().zip(tickets.scores) {
            let found = ticket.run(&bases(&embeddings, &concepts, score), desk)?;
            cached &= found.warm;
            scores.push((score, by_column(&found.scores, concepts.len())));
        }
        let truth = truth(&tickets.probed, &tickets.groups, &tickets.known, desk)?;
        let mut notes = vec![format!(
            "truth: balanced accuracy of a linear probe of each unit's contribution, {FOLDS}-fold on {} images of {}",
            how_many(tickets.probed.images()),
            self.asked.target.set
        )];
        notes.extend(tickets.alike.iter().map(|known| {
            let feature = known.concept.label();
            format!("{feature}: fewer than two values among the images to judge by")
        }));
        let columns = match concepts.as_slice() {
            [one] if !self.concepts.is_empty() => {
                notes.extend(agreements(&scores, &truth, tickets.units.len(), one));
                let (model, units) = (&tickets.model, &tickets.units);
                by_unit(model, units, self.paper, &scores, &truth)
            }
            _ => {
                let clip = match &tickets.reference {
                    Some(own) => Some(own.run(&tickets.groups, &concepts, &embeddings, desk)?),
                    None => None,
                };
                notes.extend(self.notes_by_feature(clip.is_some()));
                let features = concepts.iter().map(Concept::label).collect();
                by_feature(features, &tickets.units, &scores, &truth, clip.as_deref())
            }
        };
        let mut table = frame(columns)?;
        if let Some(limit) = self.limit {
            table = table.head(Some(limit));
        }
        let model = &self.asked.target.model;
        Ok(Answer {
            title: Some(format!("scores of units in {model} against probes")),
            frame: table,
            notes,
            cached,
            ..Answer::default()
        }
        .into())
    }
}

impl EvaluateRanking {
    /// The score asked for, first, and those that cost nothing beside it.
    fn scores(&self) -> impl Iterator<Item = Score> {
        let others = CHEAP.into_iter().filter(|score| *score != self.score);
        std::iter::once(self.score).chain(others)
    }

    fn plan_model(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let UnitsAsked { target, prompt, .. } = &self.asked;
        let set = planner.set(&target.set)?;
        let (stored, units) = planner.decomposed_units(target, &self.asked.units)?;
        let keep = planner.scored_images(target, self.images.as_ref())?;
        let known = planner.known(&self.concepts, &set)?.into_iter();
        let (known, alike): (Vec<Known>, Vec<Known>) =
            known.partition(|known| chance(&known.labels, &|id| keep[id as usize]) < 1.0);
        if known.is_empty() {
            return Err(DeskError::refused(
                "the images to judge by are of fewer than two values of what is asked about",
                "let the condition leave images of several values",
            ));
        }
        let asking = Asking {
            target,
            prompt,
            units: &units,
            concepts: &concepts(&known),
            score: self.score,
            images: self.images.as_ref(),
        };
        let texts = planner.concepts(prompt, asking.concepts)?;
        let others: Vec<Score> = self.scores().skip(1).collect();
        let scores = planner.unit_scores_by(&asking, &others, &stored)?;
        let words = "compute: cross-validated probes of the units, in two passes";
        let probed = planner.step(words, |planner| {
            let components = components_of(stored.specs(), &units)?.components;
            let whose = count_of(units.len(), "unit");
            Ok(planner.rows_of(&stored, &components, &whose, keep.clone()))
        })?;
        let one_by_unit = known.len() == 1 && !self.concepts.is_empty();
        let reference = match one_by_unit {
            true => None,
            false => ClipReference::plan(&prompt.clip, &stored, keep, planner)?,
        };
        Ok(Tickets {
            model: planner.model_info(&target.model),
            groups: groups(stored.specs(), &units)?,
            units,
            known,
            alike,
            texts,
            scores,
            probed,
            reference,
        })
    }

    /// Says what the columns of several features are; `clip` if CLIP's word is among them.
    fn notes_by_feature(&self, clip: bool) -> impl Iterator<Item = String> {
        let of_scores = "columns of scores: Spearman's rank correlation over units with the truth; within units: over features, the mean over units";
        let of_clip = format!(
            "{} against clip: the same with CLIP's own similarity of images and texts in place of the truth, as in the published table",
            self.score.word()
        );
        std::iter::once(of_scores.to_owned()).chain(clip.then_some(of_clip))
    }
}

fn concepts(known: &[Known]) -> Vec<Concept> {
    known.iter().map(|known| known.concept.clone()).collect()
}

/// Scores by unit and feature, as `[feature][unit]`.
fn by_column(scores: &[Vec<f64>], features: usize) -> Vec<Vec<f64>> {
    let of_feature = |feature: usize| scores.iter().map(|unit| unit[feature]).collect();
    (0..features).map(of_feature).collect()
}

/// What a probe reads of each feature from every unit.
fn truth(
    probed: &Rows,
    units: &[Group],
    known: &[Known],
    desk: &Desk<'_>,
) -> Result<Truth, DeskError> {
    let keep = probed.keeps();
    let labels: Vec<Labels> = known.iter().map(|known| known.labels.clone()).collect();
    let rows = probed.open()?;
    let read = probe_units(&rows, units, &labels, &keep, desk.cancel, desk.progress)?;
    Ok(Truth {
        read: by_column(&read, known.len()),
        chance: labels.iter().map(|labels| chance(labels, &keep)).collect(),
    })
}

/// Says how every score of one concept agrees with what the probes read.
fn agreements(scores: &[Scored], truth: &Truth, units: usize, concept: &Concept) -> Vec<String> {
    let of_score = |(score, own): &Scored| {
        let agreement = spearman(&own[0], &truth.read[0]);
        let agreement = agreement.map_or("none".to_owned(), |rho| format!("{rho:.2}"));
        format!(
            "rank correlation over {units} units of {} with what the probes of {} read: {agreement}",
            score.word(),
            concept.label()
        )
    };
    scores.iter().map(of_score).collect()
}
