//! `describe MODEL`: what it is, what it is decomposed on, how well it is aligned.

use crate::align::{Alignment, FitReport};
use crate::desk::models::model_card::ModelCard;
use crate::desk::stored::alignments::AlignmentTo;
use crate::desk::tables::columns::{frame, listing, texts};
use crate::desk::tables::wording::in_numbers;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::catalog;
use crate::lang::query::Target;

/// What is told about a model.
pub struct ModelFacts {
    name: String,
    facts: Vec<(&'static str, String)>,
    alignments: Vec<(catalog::Alignment, AlignmentTo)>,
}

impl ModelFacts {
    /// Looks up what is known, but for how good its alignments are.
    pub fn plan(name: &str, planner: &Planner<'_>) -> Result<Self, DeskError> {
        let mut facts = own_facts(name, planner)?;
        let model = planner.model_info(name);
        let target = |set: &String| Target {
            model: name.to_owned(),
            set: set.clone(),
        };
        for set in &model.decomposed_on {
            let stored = planner.stored_unremarked(&target(set))?;
            let (images, skipped) = (stored.images(), stored.skipped());
            let forward = match stored.forward() {
                Numbers::F32 => String::new(),
                other => format!(", forward pass{}", in_numbers(other)),
            };
            let told = format!("{set}: {images} images, {skipped} skipped{forward}");
            facts.push(("decomposed on", told));
        }
        let mut alignments = Vec::new();
        for listed in model.aligned {
            let stored = planner.stored_unremarked(&target(&listed.set))?;
            let alignment = planner.listed_alignment(&stored, &listed.clip);
            alignments.push((listed, alignment));
        }
        Ok(Self {
            name: name.to_owned(),
            facts,
            alignments,
        })
    }

    /// Tells it.
    pub fn run(mut self, desk: &Desk<'_>) -> Result<Answer, DeskError> {
        for (listed, alignment) in &self.alignments {
            let told = match alignment.fitted(desk) {
                Ok(Alignment { report, .. }) => report.map(|report| fit_in_words(listed, &report)),
                // An alignment that no longer holds is worth telling, and no reason to tell nothing.
                Err(error) => Some(error.to_string()),
            };
            self.facts.extend(told.map(|told| ("aligned", told)));
        }
        let table = frame(vec![
            texts("property", self.facts.iter().map(|(property, _)| *property)),
            texts("value", self.facts.iter().map(|(_, value)| value)),
        ])?;
        Ok(listing(&self.name, table, ""))
    }
}

/// What a model is.
fn own_facts(name: &str, planner: &Planner<'_>) -> Result<Vec<(&'static str, String)>, DeskError> {
    let entry = planner.model(name)?;
    let card = ModelCard::of(&entry)?;
    let (height, width) = card.image;
    let numbers: usize = card.widths.iter().sum();
    Ok(vec![
        ("architecture", card.architecture),
        ("family", entry.family),
        ("folder", entry.folder.display().to_string()),
        ("fingerprint", entry.fingerprint),
        ("image", format!("{height} × {width}")),
        ("preprocessing", card.preprocessing),
        ("representation", format!("{} numbers", card.dim)),
        ("components", card.components.len().to_string()),
        ("numbers per image", numbers.to_string()),
    ])
}

fn fit_in_words(aligned: &catalog::Alignment, report: &FitReport) -> String {
    format!(
        "to {} on {}: cosine {:.3} held out ({:.3} for the mean image), penalty {:.4}, lambda {}",
        aligned.clip,
        aligned.set,
        report.held_out_cosine,
        report.baseline_cosine,
        report.penalty,
        report.options.lambda
    )
}
