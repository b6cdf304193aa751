//! `evaluate retrieval` and `evaluate ablation`: what top units of a feature are good for, against as many random ones.

use std::collections::HashMap;

use super::control::{DRAWS, mean_and_sd, random_like};
use super::frames::{frame, numbers, texts, whole};
use super::labels::{Halves, Known};
use super::measured::replaced;
use super::rank::clip_of;
use super::scores::Stored;
use super::select::of_units;
use super::{Desk, EngineError};
use crate::analysis::{Ablated, Best, Instead, Labels, Linear, ablate};
use crate::contributions::Contributions;
use crate::decompose::ComponentKind;
use crate::interface::answer::Answer;
use crate::lang::query::{Question, Target, Unit};

/// Heads that stand for a property, as published for most models.
const HEADS: usize = 3;

/// Images that precision is measured among.
const AMONG: usize = 10;

/// A feature and the choices of components that are held against each other.
struct Choices {
    known: Known,
    /// The units that score highest.
    top: Vec<usize>,
    /// What they are called.
    words: String,
    /// The units that score lowest.
    bottom: Vec<usize>,
    /// As many random ones.
    random: Vec<Vec<usize>>,
}

impl Desk<'_> {
    /// Precision of text retrieval by the top heads of every feature, against random heads.
    pub(super) fn evaluate_retrieval(
        &mut self,
        question: &Question,
    ) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let stored = self.stored(&target.model, &target.set)?;
        let clip = clip_of(target)?.to_owned();
        let keep = self.images(target, question.images.as_ref())?;
        let aligned = self.aligned(&stored, &target.model, &clip)?.aligned;
        let heads = stored.specs().iter().map(|spec| spec.component);
        let heads = heads.filter(|component| component.kind == ComponentKind::Head);
        let heads: Vec<Unit> = heads.map(Unit::Component).collect();
        let among = question.limit.unwrap_or(AMONG);
        let all: Vec<usize> = (0..stored.specs().len()).collect();
        let (mut rows, mut cached, mut notes) = (Vec::new(), true, Vec::new());
        for known in self.known(question, &set)? {
            let mut choices = self.choices(question, target, &stored, known, &heads, HEADS)?;
            if question.using.is_some() || question.without.is_some() {
                let chosen = self.chosen(question, target, &stored)?;
                (choices.top, choices.words) = (chosen.components, chosen.words);
                let alike = std::slice::from_ref(&choices.top);
                choices.random =
                    random_like(stored.specs(), alike, question.seed.unwrap_or(0)).concat();
            }
            let (labels, name) = (&choices.known.labels, choices.known.concept.label());
            let texts = self.class_directions(
                &clip,
                set.name(),
                &name,
                &labels.classes,
                &question.template,
            )?;
            cached &= texts.cached;
            let linear = Linear::texts(&aligned, &texts.directions);
            let used: Vec<&Vec<usize>> = [&all, &choices.top]
                .into_iter()
                .chain(&choices.random)
                .collect();
            let precision = self.precisions(&stored, &linear, &used, labels, &keep, among)?;
            let base = base_rate(labels, &keep);
            notes.push(format!("{name}: {}", choices.words));
            rows.push((name, labels.classes.len(), base, precision));
        }
        notes.insert(0, format!(
            "precision among the first {among} images found for each value of a feature, the mean over its values; by all components, by the heads below, and by as many random ones, {DRAWS} draws"
        ));
        let random: Vec<(f64, f64)> = rows.iter().map(|row| mean_and_sd(&row.3[2..])).collect();
        let table = frame(vec![
            texts("feature", rows.iter().map(|row| row.0.as_str())),
            whole("values", rows.iter().map(|row| Some(row.1 as u32))),
            numbers("chance", rows.iter().map(|row| row.2)),
            numbers("all", rows.iter().map(|row| row.3[0])),
            numbers("top", rows.iter().map(|row| row.3[1])),
            numbers("random", random.iter().map(|random| random.0)),
            numbers("random sd", random.iter().map(|random| random.1)),
        ])?;
        Ok(Answer {
            title: Some(format!(
                "precision at {among} of retrieval by text in {}",
                target.model
            )),
            frame: table,
            notes,
            cached,
            ..Answer::default()
        })
    }

    /// How much of every feature a probe of the whole representation still reads when its top units are ablated.
    pub(super) fn evaluate_ablation(&mut self, question: &Question) -> Result<Answer, EngineError> {
        refuse_chosen(question)?;
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let stored = self.stored(&target.model, &target.set)?;
        let halves = self.halves(question, target, &set)?;
        let all: Vec<usize> = (0..stored.specs().len()).collect();
        let instead = self.instead(question, &stored, &halves, &[all])?;
        // A fifth of the units: few enough to leave the rest, enough to tell from noise.
        let count = question.limit.unwrap_or(target.units.len().div_ceil(5));
        let (mut rows, mut notes) = (Vec::new(), vec![halves.note.clone()]);
        for known in self.known(question, &set)? {
            let choices = self.choices(question, target, &stored, known, &target.units, count)?;
            let name = choices.known.concept.label();
            match self.left_to_read(&stored, &choices, &instead, &halves)? {
                Some(read) => rows.push((name, read)),
                None => notes.push(format!(
                    "{name}: fewer than two values among the images to fit on"
                )),
            }
        }
        notes.push(format!(
            "accuracy of a linear probe that was fitted on whole representations, with {count} units ablated: those that score highest for the feature, those that score lowest, and random ones, {DRAWS} draws"
        ));
        notes.push(format!("{}; their direct effect alone", replaced(question)));
        let random: Vec<(f64, f64)> = rows.iter().map(|row| mean_and_sd(&row.1[3..])).collect();
        let table = frame(vec![
            texts("feature", rows.iter().map(|row| row.0.as_str())),
            whole(
                "ablated",
                rows.iter()
                    .map(|_| Some(count.min(target.units.len()) as u32)),
            ),
            numbers("before", rows.iter().map(|row| row.1[0])),
            numbers("top", rows.iter().map(|row| row.1[1])),
            numbers("bottom", rows.iter().map(|row| row.1[2])),
            numbers("random", random.iter().map(|random| random.0)),
            numbers("random sd", random.iter().map(|random| random.1)),
        ])?;
        Ok(Answer {
            title: Some(format!("what is left to read in {}", target.model)),
            frame: table,
            notes,
            cached: true,
            ..Answer::default()
        })
    }

    /// The units that score highest and lowest for a feature, and random ones.
    fn choices(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        known: Known,
        units: &[Unit],
        count: usize,
    ) -> Result<Choices, EngineError> {
        let mut scored = self.unit_scores(question, target, units, &known.concept)?;
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        let units: Vec<Unit> = scored.into_iter().map(|(unit, _)| unit).collect();
        let count = count.min(units.len());
        let top = of_units(stored, &units[..count])?;
        let bottom = of_units(stored, &units[units.len() - count..])?;
        let alike = std::slice::from_ref(&top.components);
        let random = random_like(stored.specs(), alike, question.seed.unwrap_or(0)).concat();
        Ok(Choices {
            known,
            top: top.components,
            words: top.words,
            bottom: bottom.components,
            random,
        })
    }

    /// Accuracy of a probe of the whole, then without top units, bottom units, and each choice of random ones.
    fn left_to_read(
        &self,
        stored: &Stored,
        choices: &Choices,
        instead: &Instead,
        halves: &Halves,
    ) -> Result<Option<Vec<f64>>, EngineError> {
        let labels = &choices.known.labels;
        let Some(head) = self.linear_head(stored, labels, halves)? else {
            return Ok(None);
        };
        let mut variants = vec![Vec::new(), choices.top.clone(), choices.bottom.clone()];
        variants.extend(choices.random.iter().cloned());
        Ok(Some(self.accuracies(
            stored,
            &head,
            &variants,
            instead,
            labels,
            &halves.judged,
        )?))
    }

    /// Precision among the first images found for each class, the mean over classes, by choice of components.
    fn precisions(
        &self,
        stored: &Stored,
        texts: &Linear<'_>,
        choices: &[&Vec<usize>],
        labels: &Labels,
        keep: &[bool],
        among: usize,
    ) -> Result<Vec<f64>, EngineError> {
        // What a choice contributes is what is left when all others are gone.
        let others = |choice: &&Vec<usize>| {
            let all = 0..stored.specs().len();
            all.filter(|i| !choice.contains(i)).collect::<Vec<usize>>()
        };
        let variants: Vec<Vec<usize>> = choices.iter().map(others).collect();
        let classes = labels.classes.len();
        let mut best: HashMap<(usize, usize), Best> = HashMap::new();
        let mut visit = |seen: &Ablated<'_>| {
            for (&id, scores) in seen.ids.iter().zip(seen.values.chunks_exact(classes)) {
                for (class, &score) in scores.iter().enumerate() {
                    let found = best
                        .entry((seen.variant, class))
                        .or_insert_with(|| Best::new(among));
                    found.see(id, f64::from(score));
                }
            }
        };
        let (cancel, progress) = (self.cancel, self.progress);
        let known = |id: u32| keep[id as usize] && labels.of(id).is_some();
        ablate(
            stored,
            texts,
            &variants,
            &Instead::Zero,
            &known,
            cancel,
            progress,
            &mut visit,
        )?;
        let there = counts(labels, keep);
        let mut sums = vec![(0.0, 0); choices.len()];
        for ((variant, class), found) in best {
            let possible = among.min(there[class]);
            if possible > 0 {
                let found = found.in_order();
                let right = found
                    .iter()
                    .filter(|found| labels.of(found.id) == Some(class))
                    .count();
                sums[variant].0 += right as f64 / possible as f64;
                sums[variant].1 += 1;
            }
        }
        Ok(sums
            .into_iter()
            .map(|(sum, n)| sum / f64::from(n.max(1)))
            .collect())
    }
}

/// How many images that take part each class has.
fn counts(labels: &Labels, keep: &[bool]) -> Vec<usize> {
    let mut counts = vec![0; labels.classes.len()];
    for id in (0..keep.len()).filter(|&id| keep[id]) {
        if let Some(class) = labels.of(id as u32) {
            counts[class] += 1;
        }
    }
    counts
}

/// The precision of images drawn at random: the mean share of a class.
fn base_rate(labels: &Labels, keep: &[bool]) -> f64 {
    let counts = counts(labels, keep);
    let classes = counts.iter().filter(|count| **count > 0).count();
    1.0 / classes.max(1) as f64
}

/// Refuses a selection where the statement names its units itself.
pub(super) fn refuse_chosen(question: &Question) -> Result<(), EngineError> {
    if question.using.is_some() || question.without.is_some() {
        return Err(EngineError::refused(
            "this evaluation is about the units it names, and takes no selection",
            "leave out `using` and `without`",
        ));
    }
    Ok(())
}
