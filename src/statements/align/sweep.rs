//! `sweep lambda`: what the orthogonality penalty costs and buys, from fits over a range of its weight. Nothing is kept.

use std::sync::Arc;

use polars::prelude::{Column, DataFrame, NamedFrom, Series};

use super::fit::{Fits, Fitting};
use crate::align::{Aligned, FitOptions};
use crate::analysis::{ScoreKind, TextBasis, gather_moments, scores_from_moments, spearman};
use crate::decompose::ComponentKind;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::decomposition::Stored;
use crate::desk::stored::moments::PASS;
use crate::desk::tables::columns::{frame, numbers, whole};
use crate::desk::texts::embeddings::Texts;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::{Clause, Sort};
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::{Prompt, Target, Template};
use crate::lang::resolve::{Names, Resolved, wrong};
use crate::store::Feature;

/// How many fits.
const FITS: usize = 7;

/// `sweep lambda FROM to TO in MODEL to CLIP on SET seed N`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The least lambda.
    pub from: f64,
    /// The greatest.
    pub to: f64,
    /// The model, and the images it is fitted on.
    pub target: Target,
    /// The CLIP.
    pub clip: String,
    /// The seed of every fit.
    pub seed: u64,
}

/// What sweeping takes.
pub struct Tickets {
    stored: Arc<Stored>,
    fits: Fits,
    features: Vec<Feature>,
    texts: Texts,
}

/// What one fit came to.
struct Fitted {
    lambda: f64,
    cosine: f64,
    penalty: f64,
    epochs: usize,
    /// Scores by feature and head.
    scores: Vec<Vec<f64>>,
}

impl Statement for Sweep {
    const RULE: &'static str = "sweep";
    const HELP: &'static Topic = &Topic {
        name: "sweep",
        summary: "Fits alignments over a range of lambda and shows the trade-off.",
        form: "sweep lambda FROM to TO [in MODEL] [to CLIP] [on SET] [seed N]",
        text: "",
        examples: &[
            "sweep lambda 0.01 to 10",
            "sweep lambda 0.01 to 10 in dinov2 to clip on birds",
        ],
        about_images: false,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let mut ends = said.slots(Sort::Number);
        let (from, to) = (ends.next(), ends.next());
        let (from, to) = from.zip(to).expect("the grammar asks for both ends");
        let (low, high) = (names.weight(from)?, names.weight(to)?);
        if low <= 0.0 || high <= low {
            let message = "the second lambda of a sweep must be greater than the first, and that greater than 0";
            return Err(wrong(message.to_owned(), "a greater number", to.span));
        }
        let model = match said.name_of(Role::Model) {
            Some(model) => names.model_to_align(model)?,
            None => names.only_model_to_align(from.span)?,
        };
        let clip = match said.name_of(Role::Clip) {
            Some(clip) => names.clip(clip)?,
            None => names.default_clip(model)?,
        };
        Ok(Self {
            from: low,
            to: high,
            target: Target {
                set: names.set_decomposed_with(model, said.said("on"))?,
                model: model.value.name.clone(),
            },
            clip,
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let stored = planner.stored_unremarked(&self.target)?;
        let features = planner.features(&self.target.set)?;
        let words = format!(
            "compare {FITS} fits of {} into the space of {}, lambda {} to {}, and keep none",
            self.target.model, self.clip, self.from, self.to
        );
        planner.step(words, |planner| {
            let fits = Fits::plan(&stored, &self.clip, planner)?;
            planner.says(PASS);
            let prompt = Prompt {
                clip: self.clip.clone(),
                template: Template::Default,
            };
            let texts = features.iter().flat_map(|feature| feature.texts.clone());
            let texts = planner.texts(&prompt, &texts.collect::<Vec<_>>())?;
            Ok(Tickets {
                stored,
                fits,
                features,
                texts,
            })
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let fitting = tickets.fits.open(desk)?;
        let bases = feature_bases(&tickets.features, tickets.texts, desk)?;
        let heads = heads(&tickets.stored);
        let mut fits = Vec::new();
        for lambda in spread_evenly(self.from, self.to) {
            let number = fits.len() + 1;
            desk.progress
                .note(&format!("fit {number} of {FITS}: lambda {lambda:.3}"));
            fits.push(self.fit(lambda, &fitting, &bases, &heads, desk)?);
        }
        let Target { model, set } = &self.target;
        let answer = Answer {
            title: Some(format!(
                "{model} aligned to {} on {set}, by lambda",
                self.clip
            )),
            frame: table(&fits)?,
            notes: self.notes(bases.len(), fitting.split.is_known()),
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

impl Sweep {
    /// Fits with this lambda, and scores every head for every feature under the fit, on the images that scores are taken
    /// on.
    fn fit(
        &self,
        lambda: f64,
        fitting: &Fitting<'_>,
        bases: &[TextBasis],
        heads: &[usize],
        desk: &Desk<'_>,
    ) -> Result<Fitted, DeskError> {
        let options = FitOptions {
            lambda,
            seed: self.seed,
            ..FitOptions::default()
        };
        let alignment = fitting.fit(&options, desk)?;
        let report = alignment.report.as_ref().expect("a fit reports");
        let aligned = Aligned::new(&fitting.rows, &alignment);
        let keep = |id| fitting.split.scores(id);
        let moments = gather_moments(&fitting.rows, &aligned, &keep, desk.cancel, desk.progress)?;
        let scores = scores_from_moments(&moments, &aligned, bases, ScoreKind::Correlation)?;
        let of_heads = |scores: Vec<f64>| heads.iter().map(|&head| scores[head]).collect();
        Ok(Fitted {
            lambda,
            cosine: report.held_out_cosine,
            penalty: report.penalty,
            epochs: report.best_epoch,
            scores: scores.into_iter().map(of_heads).collect(),
        })
    }

    fn notes(&self, features: usize, split: bool) -> Vec<String> {
        let (Target { model, set }, clip) = (&self.target, &self.clip);
        let mut notes = vec![
            format!(
                "agreement: rank correlation of the heads' order with that of the row above, mean over {features} features"
            ),
            format!("`align {model} to {clip} on {set} lambda X` keeps a fit; a sweep keeps none"),
        ];
        if !split {
            notes.push(
                "the set has no column `split`, so scores were taken on the images of the fit"
                    .to_owned(),
            );
        }
        notes
    }
}

/// The subspaces of features.
fn feature_bases(
    features: &[Feature],
    texts: Texts,
    desk: &mut Desk<'_>,
) -> Result<Vec<TextBasis>, DeskError> {
    let embeddings = texts.embed(desk)?;
    let basis = |feature: &Feature| {
        let rows = embeddings.of(&feature.texts);
        TextBasis::in_list_order(&rows, rows.len() / feature.texts.len())
    };
    Ok(features.iter().map(basis).collect())
}

/// Which components are heads.
fn heads(stored: &Stored) -> Vec<usize> {
    let specs = stored.specs().iter().enumerate();
    let heads = specs.filter(|(_, spec)| spec.component.kind == ComponentKind::Head);
    heads.map(|(index, _)| index).collect()
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

fn table(fits: &[Fitted]) -> Result<DataFrame, DeskError> {
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
