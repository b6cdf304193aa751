//! `sweep lambda`: what the orthogonality penalty costs and buys, from fits over a range of its weight. Nothing is kept.

use polars::prelude::{Column, NamedFrom, Series};

use super::frames::{frame, numbers, whole};
use super::scores::{Split, Stored, StoredTargets};
use super::{Desk, EngineError};
use crate::align::{Aligned, FitOptions};
use crate::analysis::{ScoreKind, TextBasis, gather_moments, scores_from_moments, spearman};
use crate::contributions::Contributions;
use crate::decompose::ComponentKind;
use crate::interface::answer::Answer;
use crate::lang::query::{Concept, Template};

/// How many fits.
pub(super) const FITS: usize = 7;

/// What one fit came to.
struct Fitted {
    lambda: f64,
    cosine: f64,
    penalty: f64,
    epochs: usize,
    /// Scores by feature and head.
    scores: Vec<Vec<f64>>,
}

impl Desk<'_> {
    /// Fits alignments of `model` to `clip` on `set` for lambdas spread evenly over orders of magnitude.
    pub(super) fn sweep(
        &mut self,
        (from, to): (f64, f64),
        model: &str,
        clip: &str,
        set: &str,
        seed: Option<u64>,
    ) -> Result<Answer, EngineError> {
        let stored = self.stored(model, set)?;
        let targets = StoredTargets(self.store.decomposition(clip, set)?);
        let split = self.split(set)?;
        let bases = self.feature_bases(clip, set)?;
        let mut fits = Vec::new();
        for lambda in spread_evenly(from, to) {
            self.progress.note(&format!(
                "fit {} of {FITS}: lambda {lambda:.3}",
                fits.len() + 1
            ));
            let mut options = FitOptions {
                lambda,
                ..FitOptions::default()
            };
            options.seed = seed.unwrap_or(options.seed);
            let alignment = self.fit(&stored, &targets, &split, &options)?;
            let report = alignment.report.as_ref().expect("a fit reports");
            fits.push(Fitted {
                lambda,
                cosine: report.held_out_cosine,
                penalty: report.penalty,
                epochs: report.best_epoch,
                scores: self.head_scores(
                    &stored,
                    &Aligned::new(&stored, &alignment),
                    &split,
                    &bases,
                )?,
            });
        }
        let mut notes = vec![
            format!(
                "agreement: rank correlation of the heads' order with that of the row above, mean over {} features",
                bases.len()
            ),
            format!("`align {model} to {clip} on {set} lambda X` keeps a fit; a sweep keeps none"),
        ];
        if !split.is_known() {
            notes.push(
                "the set has no column `split`, so scores were taken on the images of the fit"
                    .to_owned(),
            );
        }
        Ok(Answer {
            title: Some(format!("{model} aligned to {clip} on {set}, by lambda")),
            frame: table(&fits)?,
            notes,
            ..Answer::default()
        })
    }

    /// The subspaces of the features known for a set.
    fn feature_bases(&mut self, clip: &str, set: &str) -> Result<Vec<TextBasis>, EngineError> {
        let features = self.store.features(Some(set))?;
        let mut bases = Vec::new();
        for feature in features {
            let texts = feature.texts.len();
            let concept = Concept::Texts(feature.texts);
            let rows = self.embed(clip, &concept, &Template::Default)?.rows;
            bases.push(TextBasis::in_list_order(&rows, rows.len() / texts));
        }
        Ok(bases)
    }

    /// Scores of every head for every feature under an alignment, on the images that scores are taken on.
    fn head_scores(
        &self,
        stored: &Stored,
        aligned: &Aligned,
        split: &Split,
        bases: &[TextBasis],
    ) -> Result<Vec<Vec<f64>>, EngineError> {
        let keep = |id| split.scores(id);
        let moments = gather_moments(stored, aligned, &keep, self.cancel, self.progress)?;
        let is_head = |i: &usize| stored.specs()[*i].component.kind == ComponentKind::Head;
        let scores = scores_from_moments(&moments, aligned, bases, ScoreKind::Correlation)?;
        let heads = |scores: Vec<f64>| {
            (0..scores.len())
                .filter(is_head)
                .map(|i| scores[i])
                .collect()
        };
        Ok(scores.into_iter().map(heads).collect())
    }
}

/// Lambdas from one to the other, by equal factors.
fn spread_evenly(from: f64, to: f64) -> impl Iterator<Item = f64> {
    (0..FITS).map(move |step| from * (to / from).powf(step as f64 / (FITS - 1) as f64))
}

/// Mean over features of the rank correlation of two fits' heads.
fn agreement(a: &Fitted, b: &Fitted) -> Option<f64> {
    let each: Vec<f64> = (a.scores.iter().zip(&b.scores))
        .filter_map(|(a, b)| spearman(a, b))
        .collect();
    (!each.is_empty()).then(|| each.iter().sum::<f64>() / each.len() as f64)
}

fn table(fits: &[Fitted]) -> Result<polars::prelude::DataFrame, EngineError> {
    let with_last = |place: usize| match place {
        0 => None,
        _ => agreement(&fits[place], &fits[place - 1]),
    };
    let agreements: Vec<Option<f64>> = (0..fits.len()).map(with_last).collect();
    Ok(frame(vec![
        numbers("lambda", fits.iter().map(|fit| fit.lambda)),
        numbers("cosine", fits.iter().map(|fit| fit.cosine)),
        numbers("penalty", fits.iter().map(|fit| fit.penalty)),
        whole("epochs", fits.iter().map(|fit| Some(fit.epochs as u32))),
        Column::from(Series::new("agreement".into(), agreements)),
    ])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_go_from_one_end_to_the_other_by_equal_factors() {
        let lambdas: Vec<f64> = spread_evenly(0.01, 10.0).collect();
        assert_eq!(lambdas.len(), FITS);
        assert!((lambdas[0] - 0.01).abs() < 1e-12 && (lambdas[FITS - 1] - 10.0).abs() < 1e-9);
        for pair in lambdas.windows(3) {
            assert!((pair[1] / pair[0] - pair[2] / pair[1]).abs() < 1e-9);
        }
    }
}
