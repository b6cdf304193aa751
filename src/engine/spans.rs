//! `spans of`: a short list of texts that spans what a unit contributes (TextSpan, arXiv 2310.05916).

use super::frames::{frame, numbers, texts, whole};
use super::rank::{Ground, clip_of, groups, note_basis};
use super::{Desk, EngineError};
use crate::analysis::{SPAN_RANK, Spread, Unit, text_span};
use crate::contributions::Contributions;
use crate::interface::answer::Answer;
use crate::lang::query::{self, Concept, Question, Target, Template};
use crate::store::Feature;

/// How many texts are picked, unless the user says otherwise.
const PICKS: usize = 10;

/// Shorter words tell nothing about a picture.
const SHORTEST: usize = 3;

/// A row of the answer.
struct Row {
    unit: String,
    pick: u32,
    text: String,
    std: f64,
    share: f64,
    cumulative: f64,
}

/// How units' aligned contributions are spread.
struct Spreads {
    units: Vec<(Unit, Spread)>,
    /// What that rests on.
    ground: Ground,
    /// Whether no moments had to be gathered.
    warm: bool,
}

impl Desk<'_> {
    /// Picks texts for every unit asked about.
    pub(super) fn spans(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let features = self.store.features(Some(&target.set))?;
        let pool = pool(&features);
        let asked = Concept::Texts(pool.clone());
        let embedded = self.embed(clip_of(target)?, &asked, &template(question))?;
        let Spreads {
            units: spreads,
            ground,
            warm,
        } = self.spreads(question, target)?;
        let count = question.limit.unwrap_or(PICKS);
        let mut rows = Vec::new();
        let mut images = 0;
        for (unit, spread) in &spreads {
            self.cancel.check()?;
            images = spread.n;
            let mut cumulative = 0.0;
            for (pick, found) in (1..).zip(text_span(spread, &embedded.rows, count, SPAN_RANK)) {
                cumulative += found.share;
                rows.push(Row {
                    unit: unit.name.clone(),
                    pick,
                    text: pool[found.text].clone(),
                    std: found.std,
                    share: found.share,
                    cumulative,
                });
            }
        }
        let mut notes = vec![format!(
            "picked from {} texts: those of {} known features, and their words",
            pool.len(),
            features.len()
        )];
        note_basis(question, target, ground, images, &mut notes)?;
        Ok(Answer {
            title: Some(format!("texts that span units of {}", target.model)),
            frame: table(&rows, spreads.len() > 1)?,
            notes,
            cached: embedded.cached && warm,
            ..Answer::default()
        })
    }

    /// How the aligned contributions of each unit are spread.
    /// Single components over all images need no image: their rows' moments carried through their map say it.
    fn spreads(&mut self, question: &Question, target: &Target) -> Result<Spreads, EngineError> {
        let stored = self.stored(&target.model, &target.set)?;
        let keep = self.images(target, question.images.as_ref())?;
        let keep = |id: u32| keep[id as usize];
        let (mut units, mut rests_on, mut warm) = (Vec::new(), None, true);
        for (group, unit) in (groups(stored.specs(), &target.units)?.into_iter()).zip(&target.units)
        {
            let (spread, ground) = if by_moments(question, unit) {
                let done = stored.decomposition();
                let (scoring, stored) = self.scoring(done, clip_of(target)?)?;
                warm &= stored;
                let one = group.components[0];
                let spread = Spread::of_component(&scoring.moments, &scoring.aligned, one);
                (spread, Ground::of(&scoring))
            } else {
                let (aligned, ground) = self.grounded(target, &stored)?;
                let (cancel, progress) = (self.cancel, self.progress);
                let spread = Spread::of_unit(&stored, &aligned, &group, &keep, cancel, progress)?;
                (spread, ground)
            };
            rests_on = Some(ground);
            units.push((group, spread));
        }
        Ok(Spreads {
            units,
            ground: rests_on.expect("a statement names at least one unit"),
            warm,
        })
    }
}

/// Whether a unit's spread follows from moments: a single component, over all images.
pub(super) fn by_moments(question: &Question, unit: &query::Unit) -> bool {
    question.images.is_none() && matches!(unit, query::Unit::Component(_))
}

/// Texts are embedded as they are, as published, unless the statement gives templates.
pub(super) fn template(question: &Question) -> Template {
    match &question.template {
        Template::Texts(texts) => Template::Texts(texts.clone()),
        _ => Template::None,
    }
}

/// The texts of all features and the single words in them, each once.
pub(super) fn pool(features: &[Feature]) -> Vec<String> {
    let mut pool: Vec<String> = Vec::new();
    let texts = || features.iter().flat_map(|feature| &feature.texts);
    let words = texts().flat_map(|text| text.split_whitespace());
    let long = words.filter(|word| word.chars().count() >= SHORTEST && *word != "the");
    for text in texts().map(String::as_str).chain(long) {
        if !pool.iter().any(|known| known == text) {
            pool.push(text.to_owned());
        }
    }
    pool
}

fn table(rows: &[Row], several: bool) -> Result<polars::prelude::DataFrame, EngineError> {
    let mut columns = Vec::new();
    if several {
        columns.push(texts("unit", rows.iter().map(|row| &row.unit)));
    }
    columns.extend([
        whole("pick", rows.iter().map(|row| Some(row.pick))),
        texts("text", rows.iter().map(|row| &row.text)),
        numbers("std", rows.iter().map(|row| row.std)),
        numbers("share", rows.iter().map(|row| row.share)),
        numbers("cumulative", rows.iter().map(|row| row.cumulative)),
    ]);
    Ok(frame(columns)?)
}
