//! What ablations are measured by: class heads, and how right they are when components are ablated.

use super::labels::{ClassTexts, Halves};
use super::rank::clip_of;
use super::scores::Stored;
use super::{Desk, EngineError};
use crate::analysis::{
    Ablated, AnalysisError, Instead, Labels, Linear, ablate, fit_classifier, greatest, mean_rows,
};
use crate::lang::ast::Replacement;
use crate::lang::query::{Question, Target};

/// A head that tells classes.
pub(super) struct ClassHead<'a> {
    /// `linear` or `text`.
    pub name: &'static str,
    /// Its scores, by component.
    pub linear: Linear<'a>,
}

/// Class heads of a model.
pub(super) struct ClassHeads<'a> {
    /// The heads; the one that the paper would take first.
    pub heads: Vec<ClassHead<'a>>,
    /// What there is to say about them.
    pub notes: Vec<String>,
    /// Whether all texts had been embedded before.
    pub cached: bool,
}

impl Desk<'_> {
    /// A linear head fitted on the images to fit on, and the zero-shot head of CLIP's texts. As published, a CLIP is
    /// judged by its text head and the other models by a linear one (arXiv 2406.01583, section 5.5), so that comes
    /// first.
    pub(super) fn class_heads(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &Stored,
        column: &str,
        labels: &Labels,
        halves: &Halves,
    ) -> Result<ClassHeads<'static>, EngineError> {
        let clip = clip_of(target)?;
        let (mut heads, mut notes) = (Vec::new(), Vec::new());
        match self.linear_head(stored, labels, halves)? {
            Some(linear) => heads.push(ClassHead {
                name: "linear",
                linear,
            }),
            None => notes.push(format!(
                "no linear head: the images to fit on are of fewer than two values of `{column}`"
            )),
        }
        let texts = self.class_directions(
            clip,
            &target.set,
            column,
            &labels.classes,
            &question.template,
        )?;
        let aligned = self.aligned(stored, &target.model, clip)?.aligned;
        let text = ClassHead {
            name: "text",
            linear: Linear::texts(&aligned, &texts.directions),
        };
        if target.model == clip {
            heads.insert(0, text);
        } else {
            heads.push(text);
        }
        notes.push(text_note(&texts, labels));
        Ok(ClassHeads {
            heads,
            notes,
            cached: texts.cached,
        })
    }

    /// The linear discriminant of representations, fitted on the images to fit on.
    pub(super) fn linear_head(
        &self,
        stored: &Stored,
        labels: &Labels,
        halves: &Halves,
    ) -> Result<Option<Linear<'static>>, AnalysisError> {
        let keep = |id: u32| halves.fit[id as usize] && labels.of(id).is_some();
        let fitted = fit_classifier(stored, labels, &keep, self.cancel, self.progress)?;
        Ok(fitted.map(|fitted| Linear::classifier(stored, &fitted)))
    }

    /// What the contributions of ablated components, those of any of `variants`, are replaced by: means come from the images
    /// to fit on.
    pub(super) fn instead(
        &self,
        question: &Question,
        stored: &Stored,
        halves: &Halves,
        variants: &[Vec<usize>],
    ) -> Result<Instead, AnalysisError> {
        Ok(match question.replacement {
            Replacement::Mean => Instead::Means(mean_rows(
                stored,
                &each_once(variants),
                &|id| halves.fit[id as usize],
                self.cancel,
                self.progress,
            )?),
            Replacement::Zero => Instead::Zero,
            Replacement::Resample => Instead::Resampled(question.seed.unwrap_or(0)),
        })
    }

    /// Images and those told right, `[variant][group]`. `group` says which group an image is judged in.
    #[allow(clippy::too_many_arguments)] // what is ablated, and what of it is asked
    pub(super) fn tallies(
        &self,
        stored: &Stored,
        head: &Linear<'_>,
        variants: &[Vec<usize>],
        instead: &Instead,
        labels: &Labels,
        keep: &[bool],
        groups: usize,
        group: &dyn Fn(u32) -> Option<usize>,
    ) -> Result<Vec<Vec<(u64, u64)>>, AnalysisError> {
        let mut tallies = vec![vec![(0, 0); groups]; variants.len()];
        let mut visit = |seen: &Ablated<'_>| {
            for (&id, scores) in seen.ids.iter().zip(seen.values.chunks_exact(head.width)) {
                if let (Some(class), Some(group)) = (labels.of(id), group(id)) {
                    let told = greatest(scores.iter().copied());
                    let tally = &mut tallies[seen.variant][group];
                    *tally = (tally.0 + 1, tally.1 + u64::from(told == class));
                }
            }
        };
        let keep = |id: u32| keep[id as usize];
        let (cancel, progress) = (self.cancel, self.progress);
        ablate(
            stored, head, variants, instead, &keep, cancel, progress, &mut visit,
        )?;
        Ok(tallies)
    }

    /// The share of images told right, by variant.
    pub(super) fn accuracies(
        &self,
        stored: &Stored,
        head: &Linear<'_>,
        variants: &[Vec<usize>],
        instead: &Instead,
        labels: &Labels,
        keep: &[bool],
    ) -> Result<Vec<f64>, AnalysisError> {
        let one = |_: u32| Some(0);
        let tallies = self.tallies(stored, head, variants, instead, labels, keep, 1, &one)?;
        Ok(tallies.iter().map(|groups| share(groups[0])).collect())
    }

    /// The mean over images of the cosine of what is left with the whole representation, by variant. An image of which
    /// nothing is left counts 0.
    pub(super) fn similarities(
        &self,
        stored: &Stored,
        variants: &[Vec<usize>],
        instead: &Instead,
        keep: &[bool],
    ) -> Result<Vec<f64>, AnalysisError> {
        let linear = Linear::identity(stored);
        let mut sums = vec![(0.0, 0u64); variants.len()];
        let mut visit = |seen: &Ablated<'_>| {
            let rows = seen.whole.chunks_exact(linear.width);
            for (whole, left) in rows.zip(seen.values.chunks_exact(linear.width)) {
                let sum = &mut sums[seen.variant];
                *sum = (sum.0 + cosine(whole, left), sum.1 + 1);
            }
        };
        let keep = |id: u32| keep[id as usize];
        let (cancel, progress) = (self.cancel, self.progress);
        ablate(
            stored, &linear, variants, instead, &keep, cancel, progress, &mut visit,
        )?;
        Ok(sums
            .into_iter()
            .map(|(sum, n)| sum / n.max(1) as f64)
            .collect())
    }
}

/// The components of some choices, each once, in order.
fn each_once(choices: &[Vec<usize>]) -> Vec<usize> {
    let mut all = choices.concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// What ablated contributions were replaced by, in words.
pub(super) fn replaced(question: &Question) -> &'static str {
    match question.replacement {
        Replacement::Mean => "ablated contributions are replaced by their means",
        Replacement::Zero => "ablated contributions are left out",
        Replacement::Resample => "ablated contributions are replaced by those of another image",
    }
}

/// The share of images told right; 0 without images.
pub(super) fn share((images, right): (u64, u64)) -> f64 {
    right as f64 / images.max(1) as f64
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(x, y)| f64::from(*x) * f64::from(*y))
            .sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

/// Says which texts stand for the first classes.
fn text_note(texts: &ClassTexts, labels: &Labels) -> String {
    const NAMED: usize = 3;
    let said: Vec<String> = (labels.classes.iter().zip(&texts.texts))
        .take(NAMED)
        .map(|(class, texts)| format!("{class}: “{}”", texts.join("”, “")))
        .collect();
    let more = labels.classes.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("text head: {}{more}", said.join("; "))
}
