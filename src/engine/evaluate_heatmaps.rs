//! `evaluate heatmaps`: heat maps held against true masks, and beside them someone who always points at the middle.

use std::ops::ControlFlow;

use polars::prelude::{Column, NamedFrom, Series};

use super::control::mean_and_sd;
use super::frames::{frame, numbers, texts};
use super::map_set::{MapSet, Mapped};
use super::segment::fitted_note;
use super::{Desk, EngineError};
use crate::analysis::{Counts, Grid, average_precision, centre_prior, saliency, threshold};
use crate::interface::answer::Answer;
use crate::lang::query::{Concept, Question, Target};

/// What masks are usually of, and asked about unless the user says otherwise.
const USUAL: &str = "object";

/// The measures, by name.
const MEASURES: [&str; 5] = [
    "pointing_game",
    "pixel_accuracy",
    "foreground_iou",
    "two_class_miou",
    "average_precision",
];

/// Standard errors to either side of a mean that hold 95 % of a normal distribution.
const NORMAL_95: f64 = 1.96;

/// What a map and the prior reach on one image.
struct Judged {
    map: [f64; 5],
    /// The map of the same image for another text.
    other: Option<[f64; 5]>,
    prior: [f64; 5],
}

impl Desk<'_> {
    /// Measures the maps of each concept on the images that scores are taken on and that have a mask.
    pub(super) fn evaluate_heatmaps(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        if !self.store.set_info(&target.set)?.masks {
            return Err(EngineError::refused(
                format!("{} has no masks to hold heat maps against", target.set),
                "add the images from a table with a column `mask`",
            ));
        }
        let concepts = match question.concepts.as_slice() {
            [] => vec![self.usual_concept(target)?],
            some => some.to_vec(),
        };
        let (mut names, mut judged, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let rows = self.rows_to_judge(question, target)?;
        for concept in &concepts {
            let mapped = self.map_set(question, target, concept)?;
            judged.push(self.judge(&rows, &mapped)?);
            names.push(concept.label());
            for note in &mapped.notes {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
            notes.extend(fitted_note(&mapped, &rows).filter(|note| !notes.contains(note)));
        }
        let images = judged.first().map_or(0, Vec::len);
        if judged.iter().flatten().any(|one| one.other.is_some()) {
            notes.push(
                "other_text: the same images mapped for the text of another class, which tells what is in the map \
                 whatever is asked for"
                    .to_owned(),
            );
        }
        notes.push(format!(
            "{images} images of {} with a mask; the centre prior is largest in the middle of the image and falls off evenly \
             to its corners; low and high hold 95 % of the mean difference between the two on the same image",
            target.set
        ));
        Ok(Answer {
            title: Some(format!("heat maps of {} against masks", target.model)),
            frame: frame(columns(&names, &judged))?,
            notes,
            cached: false,
            ..Answer::default()
        })
    }

    /// What maps are held against masks for where the question names nothing.
    pub(super) fn usual_concept(&self, target: &Target) -> Result<Concept, EngineError> {
        let features = self.store.features(Some(&target.set))?;
        let usual = features.into_iter().find(|feature| feature.name == USUAL);
        let feature = usual.ok_or_else(|| {
            EngineError::refused(
                format!("no feature is named {USUAL}, which masks are usually of"),
                "name after `for` what the masks are of",
            )
        })?;
        Ok(Concept::Feature {
            name: feature.name,
            texts: feature.texts,
        })
    }

    /// The images that scores are taken on, at most as many as the question's limit.
    fn rows_to_judge(
        &self,
        question: &Question,
        target: &Target,
    ) -> Result<Vec<usize>, EngineError> {
        let keep = self.images(target, question.images.as_ref())?;
        let rows = (0..keep.len()).filter(|&row| keep[row]);
        Ok(rows.take(question.limit.unwrap_or(usize::MAX)).collect())
    }

    fn judge(&self, rows: &[usize], mapped: &MapSet) -> Result<Vec<Judged>, EngineError> {
        let work = |row: usize| Ok(mapped.look(row, true)?.and_then(Judged::of));
        let mut judged = Vec::new();
        self.each_image("heat maps", rows, &work, &mut |_, found| {
            judged.extend(found);
            Ok(ControlFlow::Continue(()))
        })?;
        if judged.len() < 2 {
            return Err(EngineError::refused(
                "fewer than two of these images have a mask that is not empty",
                "ask about more images",
            ));
        }
        Ok(judged)
    }
}

impl Judged {
    /// Nothing for an image without a mask, or with an empty one.
    fn of(found: Mapped) -> Option<Self> {
        let truth = found.truth?;
        let prior = centre_prior(found.pixels.rows, found.pixels.cols);
        Some(Self {
            map: measures(&found.pixels, &truth)?,
            other: found.other.and_then(|other| measures(&other, &truth)),
            prior: measures(&prior, &truth)?,
        })
    }
}

/// The measures of one map, in the order of [`MEASURES`].
fn measures(map: &Grid, truth: &[bool]) -> Option<[f64; 5]> {
    let (row, col, _) = map.peak();
    let salient = saliency(map);
    let threshold = threshold(&salient);
    let mask: Vec<bool> = salient.iter().map(|&value| value > threshold).collect();
    let counts = Counts::of(&mask, truth);
    Some([
        f64::from(u8::from(truth[row * map.cols + col])),
        counts.accuracy(),
        counts.foreground_iou(),
        counts.mean_iou(),
        average_precision(&salient, truth)?,
    ])
}

fn columns(names: &[String], judged: &[Vec<Judged>]) -> Vec<Column> {
    let cells: Vec<(usize, usize)> = (0..names.len())
        .flat_map(|concept| (0..MEASURES.len()).map(move |measure| (concept, measure)))
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let of = |pick: &dyn Fn(&Judged, usize) -> f64| -> Vec<Vec<f64>> {
        let values = |&(concept, measure): &(usize, usize)| {
            judged[concept]
                .iter()
                .map(|one| pick(one, measure))
                .collect()
        };
        cells.iter().map(values).collect()
    };
    let means = |of: &[Vec<f64>]| -> Vec<f64> { of.iter().map(|values| mean(values)).collect() };
    let differences = of(&|one, m| one.map[m] - one.prior[m]);
    let reach = differences.iter().map(|values| {
        let (_, sd) = mean_and_sd(values);
        NORMAL_95 * sd / (values.len() as f64).sqrt()
    });
    let reach: Vec<f64> = reach.collect();
    let middle = means(&differences);
    let edge = |side: f64| -> Vec<f64> {
        let pairs = middle.iter().zip(&reach);
        pairs.map(|(middle, reach)| middle + side * reach).collect()
    };
    let mut columns = vec![texts("measure", cells.iter().map(|&(_, m)| MEASURES[m]))];
    if names.len() > 1 {
        columns.insert(0, texts("concept", cells.iter().map(|&(c, _)| &names[c])));
    }
    columns.push(numbers("heat_map", means(&of(&|one, m| one.map[m]))));
    if judged.iter().flatten().any(|one| one.other.is_some()) {
        let other = |&(concept, measure): &(usize, usize)| {
            let known = judged[concept]
                .iter()
                .filter_map(|one| Some(one.other?[measure]));
            let known: Vec<f64> = known.collect();
            (!known.is_empty()).then(|| mean(&known))
        };
        let other: Vec<Option<f64>> = cells.iter().map(other).collect();
        columns.push(Series::new("other_text".into(), other).into());
    }
    columns.extend([
        numbers("centre_prior", means(&of(&|one, m| one.prior[m]))),
        numbers("difference", middle.clone()),
        numbers("low", edge(-1.0)),
        numbers("high", edge(1.0)),
    ]);
    columns
}
