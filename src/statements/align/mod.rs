//! `align`: fits the maps into CLIP's space on stored contributions, and gathers the moments that scores need.

mod fit;
pub mod sweep;

use polars::prelude::DataFrame;

use self::fit::Fits;
use crate::align::{FitOptions, FitReport};
use crate::desk::images::split::Split;
use crate::desk::statement::{Effect, Outcome, Statement};
use crate::desk::stored::alignments::NewAlignment;
use crate::desk::stored::moments::MomentsToCome;
use crate::desk::tables::columns::{frame, numbers, texts};
use crate::desk::tables::notes::POOR;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Target;
use crate::lang::resolve::{Names, Resolved};

/// `align MODEL to CLIP on SET lambda X seed N`.
#[derive(Clone, Debug, PartialEq)]
pub struct Align {
    /// The model, and the images it is fitted on.
    pub target: Target,
    /// The CLIP.
    pub clip: String,
    /// Weight of the orthogonality penalty.
    pub lambda: f64,
    /// The seed of the fit.
    pub seed: u64,
}

/// What aligning takes.
pub struct Tickets {
    fits: Fits,
    keep: NewAlignment,
    moments: MomentsToCome,
}

impl Statement for Align {
    const RULE: &'static str = "align";
    const HELP: &'static Topic = &Topic {
        name: "align",
        summary: "Fits the maps from a model's components into a CLIP model's space.",
        form: "align MODEL to CLIP [on SET] [lambda X] [seed N]",
        text: "",
        examples: &["align dinov2 to clip on birds lambda 1"],
        about_images: false,
    };
    const EFFECT: Effect = Effect::Store;
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model_to_align(said.the(Role::Model))?;
        let clip = names.clip(said.the(Role::Clip))?;
        let set = names.set_decomposed_with(model, said.said("on"))?;
        let lambda = said.said("lambda").map(|lambda| names.weight(lambda));
        Ok(Self {
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            clip,
            lambda: lambda.transpose()?.unwrap_or(FitOptions::default().lambda),
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let stored = planner.stored_unremarked(&self.target)?;
        let (keep, (fits, moments)) = planner.new_alignment(&stored, &self.clip, |planner| {
            let fits = Fits::plan(&stored, &self.clip, planner)?;
            Ok((fits, planner.moments_to_come(&stored, &self.clip)))
        })?;
        Ok(Tickets {
            fits,
            keep,
            moments,
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let options = FitOptions {
            lambda: self.lambda,
            seed: self.seed,
            ..FitOptions::default()
        };
        let fitting = tickets.fits.open(desk)?;
        let fitted = fitting.fit(&options, desk)?;
        tickets.keep.keep(&fitted, desk)?;
        tickets.moments.gather(desk)?;
        let report = fitted.report.as_ref().expect("a fit reports");
        let Target { model, set } = &self.target;
        let answer = Answer {
            title: Some(format!("{model} aligned to {} on {set}", self.clip)),
            frame: table(report)?,
            notes: notes(report, fitting.split),
            ..Answer::default()
        };
        Ok(answer.into())
    }
}

fn table(report: &FitReport) -> Result<DataFrame, DeskError> {
    let rows = [
        ("cosine on held-out images", report.held_out_cosine),
        ("cosine of the mean image", report.baseline_cosine),
        ("orthogonality penalty", report.penalty),
        ("lambda", report.options.lambda),
        ("images fitted on", report.images as f64),
        ("images held out", report.held_out_images as f64),
        ("epochs", report.best_epoch as f64),
    ];
    Ok(frame(vec![
        texts("measure", rows.iter().map(|(name, _)| *name)),
        numbers("value", rows.iter().map(|(_, value)| *value)),
    ])?)
}

fn notes(report: &FitReport, split: &Split) -> Vec<String> {
    let mut notes = Vec::new();
    if !split.is_known() {
        notes.push(
            "the set has no column `split` that keeps images apart, so scores will be taken on the images of the fit"
                .to_owned(),
        );
    }
    if report.held_out_cosine < POOR {
        notes.push(format!(
            "the alignment is poor (held-out cosine {:.2}); rankings through it say little",
            report.held_out_cosine
        ));
    }
    notes
}
