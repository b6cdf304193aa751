//! `rank`: which units go with a concept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::frames::{frame, unit_columns};
use super::kept::Carried;
use super::library::Scoring;
use super::scores::Stored;
use super::stability::{self, Steadiness};
use super::stages::filter_frame;
use super::{Desk, EngineError, align, neurons, pictures};
use crate::align::Aligned;
use crate::analysis::{ScoreKind, TextBasis, Unit as Group, scan_scores, scores_from_moments};
use crate::decompose::{Component, ComponentKind, RowSpec};
use crate::interface::answer::Answer;
use crate::lang::filter::Filter;
use crate::lang::query::{Concept, Question, Score, Target, Unit};

/// A column of scores: one model asked about one concept.
pub(super) struct Scored {
    /// The model.
    pub model: String,
    /// The concept.
    pub concept: String,
    /// The units, and the score of each.
    pub units: Vec<(Unit, f64)>,
    /// How steady each unit's score and place are, where that was asked for.
    pub steadiness: Option<Vec<Steadiness>>,
}

/// What scoring a target gave.
pub(super) struct TargetScores {
    /// One column per concept.
    pub columns: Vec<Scored>,
    /// Images that scores were taken on.
    pub images: u64,
    /// What they rest on.
    pub ground: Ground,
    /// Whether nothing had to be computed but the scores.
    pub cached: bool,
}

/// What scores rest on.
#[derive(Clone, Copy)]
pub(super) struct Ground {
    /// Whether they are taken on images that the alignment was not fitted on.
    pub apart: bool,
    /// How well the alignment does on images held out of its fit; nothing for a CLIP's own contributions.
    pub held_out_cosine: Option<f64>,
}

impl Ground {
    pub(super) fn of(scoring: &Scoring) -> Self {
        Self {
            apart: scoring.apart,
            held_out_cosine: scoring.held_out_cosine,
        }
    }
}

/// How many images take part.
pub(super) fn how_many(keep: &[bool]) -> usize {
    keep.iter().filter(|keep| **keep).count()
}

impl Desk<'_> {
    /// Ranks the units asked about.
    pub(super) fn rank(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let mut columns = Vec::new();
        let mut answer = Answer {
            cached: true,
            ..Answer::default()
        };
        for target in &question.targets {
            if let Some(head) = question.via {
                columns.extend(self.score_via(question, target, head, &mut answer.notes)?);
                answer.cached = false;
                continue;
            }
            let mut scores = if neurons::asked(target) {
                let (scores, note) = self.neuron_scores(question, target)?;
                answer.notes.push(note);
                scores
            } else {
                self.score(question, target)?
            };
            answer.cached &= scores.cached;
            if question.stability {
                let notes = self.add_steadiness(question, target, &mut scores.columns)?;
                answer.notes.extend(notes);
            }
            let (ground, images) = (scores.ground, scores.images);
            note_basis(question, target, ground, images, &mut answer.notes)?;
            columns.extend(scores.columns);
        }
        for scored in &columns {
            let grid = pictures::unit_grid(self.catalog, scored);
            answer
                .pictures
                .extend(grid.or_else(|| pictures::histogram(scored)));
            answer.pictures.extend(pictures::intervals(scored));
        }
        answer.title = Some(title(question));
        answer.frame = self.table(question, &columns)?;
        Ok(answer)
    }

    /// The scores of a target's units for every concept.
    pub(super) fn score(
        &mut self,
        question: &Question,
        target: &Target,
    ) -> Result<TargetScores, EngineError> {
        let clip = clip_of(target)?;
        let kind = kind(question.score);
        let (bases, cached) = self.bases(question, target)?;
        let from_moments = from_moments(question, &target.units);
        let done = self.store.decomposition(&target.model, &target.set)?;
        let groups = groups(done.specs(), &target.units)?;
        let (scores, images, ground, warm) = if from_moments {
            let (scoring, warm) = self.scoring(&done, clip)?;
            let scores = by_moments(&scoring, &groups, &bases, kind)?;
            (scores, scoring.moments.n, Ground::of(&scoring), warm)
        } else {
            let (scores, images, ground) = self.by_scan(question, target, &groups, &bases)?;
            (scores, images, ground, true)
        };
        Ok(TargetScores {
            columns: scored(question, target, &target.units, &scores),
            images,
            ground,
            cached: cached && warm,
        })
    }

    /// A model's maps into CLIP's space on a target's set, and what scores through them rest on.
    pub(super) fn grounded(
        &self,
        target: &Target,
        stored: &Stored,
    ) -> Result<(Arc<Aligned>, Ground), EngineError> {
        let Carried {
            aligned,
            held_out_cosine,
        } = self.aligned(stored, &target.model, clip_of(target)?)?;
        let apart = self.split(&target.set)?.is_known();
        let ground = Ground {
            apart,
            held_out_cosine,
        };
        Ok((aligned, ground))
    }

    /// The subspaces of the concepts asked about, and whether all texts had been embedded before.
    pub(super) fn bases(
        &mut self,
        question: &Question,
        target: &Target,
    ) -> Result<(Vec<TextBasis>, bool), EngineError> {
        let clip = clip_of(target)?;
        let (mut bases, mut cached) = (Vec::new(), true);
        for concept in &question.concepts {
            let embedded = self.embed(clip, concept, &question.template)?;
            cached &= embedded.cached;
            let dim = embedded.rows.len() / concept.texts().len().max(1);
            bases.push(basis(question.score, &embedded.rows, dim));
        }
        Ok((bases, cached))
    }

    /// Scores of any units over chosen images, in one pass over the stored rows; how many images those are; and what the scores
    /// rest on.
    fn by_scan(
        &self,
        question: &Question,
        target: &Target,
        groups: &[Group],
        bases: &[TextBasis],
    ) -> Result<(Vec<Vec<f64>>, u64, Ground), EngineError> {
        let keep = self.images(target, question.images.as_ref())?;
        let stored = self.stored(&target.model, &target.set)?;
        let (aligned, ground) = self.grounded(target, &stored)?;
        let result = scan_scores(
            &stored,
            &aligned,
            groups,
            bases,
            kind(question.score),
            &|id| keep[id as usize],
            self.cancel,
            self.progress,
        )?;
        Ok((result.scores, result.images, ground))
    }

    /// Which images of a target's set take part: those scores are taken on, that satisfy the condition.
    pub(super) fn images(
        &self,
        target: &Target,
        filter: Option<&Filter>,
    ) -> Result<Vec<bool>, EngineError> {
        let images = self.store.set_info(&target.set)?.rows;
        let split = self.split(&target.set)?;
        let mut keep: Vec<bool> = (0..images as u32).map(|id| split.scores(id)).collect();
        if let Some(filter) = filter {
            let metadata = self.store.metadata(&target.set, &filter.columns())?;
            let satisfied = filter_frame(&metadata, filter)?;
            // A condition that speaks of the split itself decides alone.
            let decides = filter.columns().contains(&"split");
            for (keep, satisfied) in keep.iter_mut().zip(satisfied) {
                *keep = satisfied && (*keep || decides);
            }
        }
        Ok(keep)
    }

    /// One row per unit, ordered by the first column of scores; one column of scores per model and concept.
    fn table(&self, question: &Question, columns: &[Scored]) -> Result<DataFrame, EngineError> {
        let (mut units, mut seen): (Vec<Unit>, HashSet<Unit>) = Default::default();
        for (unit, _) in columns.iter().flat_map(|scored| &scored.units) {
            if seen.insert(*unit) {
                units.push(*unit);
            }
        }
        let by_unit = |scored: &Scored| scored.units.iter().copied().collect();
        let scores: Vec<HashMap<Unit, f64>> = columns.iter().map(by_unit).collect();
        // A unit that the first model doesn't have comes last.
        let first = |unit: &Unit| scores[0].get(unit).copied().unwrap_or(f64::NEG_INFINITY);
        units.sort_by(|a, b| first(b).total_cmp(&first(a)));
        let model = self
            .catalog
            .model(&question.targets[0].model)
            .cloned()
            .unwrap_or_default();
        let mut frame_columns = unit_columns(&model, &units, question.paper);
        for (scored, own) in columns.iter().zip(&scores) {
            let values: Vec<Option<f64>> =
                units.iter().map(|unit| own.get(unit).copied()).collect();
            let name = column_name(question, scored);
            frame_columns.push(Column::from(Series::new(name.clone().into(), values)));
            if scored.steadiness.is_some() {
                frame_columns.extend(stability::columns(&name, scored, &units));
            }
        }
        let mut table = frame(frame_columns)?;
        if let Some(after) = &question.after {
            table = keep_rows(&table, &filter_frame(&table, after)?)?;
        }
        Ok(match question.limit {
            Some(limit) => table.head(Some(limit)),
            None => table,
        })
    }
}

/// Says what a target's scores rest on.
pub(super) fn note_basis(
    question: &Question,
    target: &Target,
    ground: Ground,
    images: u64,
    notes: &mut Vec<String>,
) -> Result<(), EngineError> {
    let (model, set, clip) = (&target.model, &target.set, clip_of(target)?);
    let apart = match (model == clip, ground.apart) {
        (true, _) => "no alignment is involved",
        (false, true) => "none of which the alignment was fitted on",
        (false, false) => "which the alignment was fitted on, as the set has no split",
    };
    notes.push(format!("{model}: {images} images of {set}, {apart}"));
    note_alignment(target, ground.held_out_cosine, "its ranking says", notes)?;
    if images < 50 && question.images.is_some() {
        notes.push(format!("scores on {images} images are unsteady"));
    }
    Ok(())
}

/// Warns of an alignment that is so poor that what rests on it `says` little.
pub(super) fn note_alignment(
    target: &Target,
    held_out_cosine: Option<f64>,
    says: &str,
    notes: &mut Vec<String>,
) -> Result<(), EngineError> {
    let (model, clip) = (&target.model, clip_of(target)?);
    if let Some(cosine) = held_out_cosine.filter(|&cosine| cosine < align::POOR) {
        notes.push(format!(
            "the alignment of {model} to {clip} is poor (held-out cosine {cosine:.2}); {says} little"
        ));
    }
    Ok(())
}

/// A column per concept, from the scores of units by concept.
pub(super) fn scored(
    question: &Question,
    target: &Target,
    units: &[Unit],
    scores: &[Vec<f64>],
) -> Vec<Scored> {
    let column = |(column, concept): (usize, &Concept)| Scored {
        model: target.model.clone(),
        concept: concept.label(),
        units: units
            .iter()
            .zip(scores)
            .map(|(unit, scores)| (*unit, scores[column]))
            .collect(),
        steadiness: None,
    };
    question.concepts.iter().enumerate().map(column).collect()
}

/// Whether scores of these units follow from moments: single components, all images, and no ranks.
pub(super) fn from_moments(question: &Question, units: &[Unit]) -> bool {
    let single = |unit: &Unit| matches!(unit, Unit::Component(_));
    question.images.is_none() && question.score != Score::Spearman && units.iter().all(single)
}

/// Scores of single components over all images, from moments: no image is read.
fn by_moments(
    scoring: &Scoring,
    groups: &[Group],
    bases: &[TextBasis],
    kind: ScoreKind,
) -> Result<Vec<Vec<f64>>, EngineError> {
    let by_concept = scores_from_moments(&scoring.moments, &scoring.aligned, bases, kind)?;
    let of_unit = |group: &Group| by_concept.iter().map(|s| s[group.components[0]]).collect();
    Ok(groups.iter().map(of_unit).collect())
}

/// The rows that are kept.
pub(super) fn keep_rows(table: &DataFrame, keep: &[bool]) -> Result<DataFrame, EngineError> {
    let mask: polars::prelude::BooleanChunked = keep.iter().copied().collect();
    Ok(table.filter(&mask)?)
}

/// `score`, or what tells the columns apart where there are several.
fn column_name(question: &Question, scored: &Scored) -> String {
    match (question.targets.len(), question.concepts.len()) {
        (1, 1) => "score".to_owned(),
        (1, _) => scored.concept.clone(),
        (_, 1) => scored.model.clone(),
        _ => format!("{} in {}", scored.concept, scored.model),
    }
}

fn title(question: &Question) -> String {
    let via = match question.via {
        Some(head) => format!(" via {head}"),
        None => String::new(),
    };
    let list = |items: Vec<String>| items.join(", ");
    let concepts = list(
        question
            .concepts
            .iter()
            .map(|concept| concept.label())
            .collect(),
    );
    let models = list(
        question
            .targets
            .iter()
            .map(|target| target.model.clone())
            .collect(),
    );
    format!("{} with {concepts} in {models}{via}", question.score.word())
}

pub(super) fn clip_of(target: &Target) -> Result<&str, EngineError> {
    target.clip.as_deref().ok_or_else(|| {
        EngineError::refused(
            format!(
                "{} is aligned to no CLIP model, so it can't be asked in words",
                target.model
            ),
            format!("run `align {} to CLIP on {}`", target.model, target.set),
        )
    })
}

/// The basis that a score is taken on, from text embeddings `[k, K]`.
pub(super) fn basis(score: Score, texts: &[f32], dim: usize) -> TextBasis {
    match score {
        Score::OrderFree => TextBasis::order_free(texts, dim),
        _ => TextBasis::in_list_order(texts, dim),
    }
}

pub(super) fn kind(score: Score) -> ScoreKind {
    match score {
        Score::Correlation => ScoreKind::Correlation,
        Score::Variance => ScoreKind::VarianceShare,
        Score::Covariance => ScoreKind::CovarianceShare,
        Score::Spearman => ScoreKind::Spearman,
        Score::OrderFree => ScoreKind::TraceCorrelation,
    }
}

/// Units as groups of stored components, by position.
pub(super) fn groups(specs: &[RowSpec], units: &[Unit]) -> Result<Vec<Group>, EngineError> {
    let position = |component: Component| specs.iter().position(|spec| spec.component == component);
    let in_layer = |layer: u16| {
        let inside = specs.iter().enumerate().filter(move |(_, spec)| {
            let Component {
                kind, layer: own, ..
            } = spec.component;
            own == layer && matches!(kind, ComponentKind::Head | ComponentKind::Mlp)
        });
        inside.map(|(index, _)| index).collect::<Vec<_>>()
    };
    units
        .iter()
        .map(|unit| {
            let components = match unit {
                Unit::Component(component) => position(*component).into_iter().collect(),
                Unit::Layer(layer) => in_layer(*layer),
                Unit::Neurons { .. } | Unit::Tokens => Vec::new(),
            };
            if components.is_empty() {
                let what = match unit {
                    Unit::Neurons { .. } => "neurons are",
                    Unit::Tokens => "tokens are",
                    one => &format!("{one} is"),
                };
                let help = match unit {
                    Unit::Neurons { .. } => "neurons can be ranked; otherwise ask about mlps",
                    Unit::Tokens => "a token's share is computed for the images looked at; ask about heads, mlps or layers",
                    _ => "heads, mlps, layers and components are",
                };
                return Err(EngineError::refused(
                    format!("{what} not stored with a decomposition"),
                    help,
                ));
            }
            Ok(Group {
                name: unit.to_string(),
                components,
            })
        })
        .collect()
}
