//! `explain`: what a statement would read, what is there already, what would be computed. Nothing is.

use super::models::About;
use super::scores::align_blob;
use super::{Desk, EngineError, decompose, last};
use crate::decompose::LastLayers;
use crate::kernels::Numbers;
use crate::lang::query::{Query, Task, Template};
use crate::store::Precision;

/// A step of a plan, and the steps it rests on.
pub(super) struct Step {
    what: String,
    pub(super) from: Vec<Step>,
}

impl Step {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            from: Vec::new(),
        }
    }

    pub(super) fn from(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.from.extend(steps);
        self
    }

    /// The step and those below it, one line each, as a tree.
    fn draw(&self, lines: &mut Vec<String>, lead: &str, rest: &str) {
        lines.push(format!("{lead}{}", self.what));
        for (index, step) in self.from.iter().enumerate() {
            let last = index + 1 == self.from.len();
            let (branch, below) = if last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            step.draw(lines, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }
}

impl Desk<'_> {
    /// The plan of a query, as text.
    ///
    /// # Errors
    /// When what the query rests on is missing.
    pub fn explain(&self, query: &Query) -> Result<String, EngineError> {
        let plan = match &query.task {
            Task::Ask(question) => self.plan_question(&self.about_stored(question)?.0)?,
            Task::Decompose {
                set,
                models,
                last_layers,
                precision,
                forward,
                ..
            } => {
                let kept = (decompose::kept_as(*precision), forward.unwrap_or_default());
                let plan = |model: &String| self.plan_decompose(model, set, *last_layers, kept);
                let steps = models.iter().map(plan);
                Step::new(format!("decompose {set}")).from(steps.collect::<Result<Vec<_>, _>>()?)
            }
            Task::Align {
                model, clip, set, ..
            } => self.plan_align(model, clip, set)?,
            Task::Sweep {
                from,
                to,
                model,
                clip,
                set,
                ..
            } => {
                let fit = self.plan_align(model, clip, set)?;
                Step::new(format!(
                    "compare {} fits of {model} into the space of {clip}, lambda {from} to {to}, and keep none",
                    super::sweep::FITS
                ))
                .from(fit.from)
                .from([self.plan_feature_texts(clip, set)?])
            }
            Task::Sql { text, from } => self.plan_sql(text, *from)?,
            Task::Check { model, set } => Step::new(format!(
                "compare sums of contributions of {model} with what they sum to"
            ))
            .from([Step::new(format!(
                "compute: forward passes{} of up to 32 images of {set}",
                in_numbers(self.multiplied(model, set))
            ))]),
            _ => Step::new("nothing is computed with a model"),
        };
        let mut lines = Vec::new();
        plan.draw(&mut lines, "", "");
        for stage in &query.stages {
            lines.push(format!("then {}", stage_words(stage)));
        }
        Ok(lines.join("\n"))
    }

    fn plan_decompose(
        &self,
        model: &str,
        set: &str,
        last_layers: Option<usize>,
        (precision, forward): (Precision, Numbers),
    ) -> Result<Step, EngineError> {
        let about = About::of(&self.store.model(model)?)?;
        let (parts, width) = stored_size(&about, last_layers);
        let images = self.set(set)?.len();
        let found = self.store.decompositions()?.into_iter().find(|entry| {
            let manifest = &entry.manifest;
            let same = manifest.model == model && manifest.set == set;
            let alike = manifest.components.len() == parts
                && manifest.precision == precision
                && manifest.forward == forward;
            entry.stale.is_none() && same && alike
        });
        let there = found.map_or(0, |entry| entry.manifest.covered());
        let number = match precision {
            Precision::F32 => 4,
            Precision::F16 => 2,
        };
        let (size, todo) = ((width * number + about.dim * 4) * images, images - there);
        let work = match todo {
            0 => "everything is stored".to_owned(),
            _ => format!(
                "compute: {todo} forward passes{} ({there} images are stored)",
                in_numbers(forward)
            ),
        };
        Ok(
            Step::new(format!("rows of {parts} components of {model}")).from([
                Step::new(work),
                Step::new(format!("write: {:.1} MB in all", size as f64 / 1e6)),
            ]),
        )
    }

    /// The texts of all features, by which a sweep scores heads.
    fn plan_feature_texts(&self, clip: &str, set: &str) -> Result<Step, EngineError> {
        let features = self.store.features(Some(set))?.into_iter();
        let texts: Vec<String> = features.flat_map(|feature| feature.texts).collect();
        self.plan_texts(clip, &texts, &Template::Default)
    }

    fn plan_align(&self, model: &str, clip: &str, set: &str) -> Result<Step, EngineError> {
        let stored = self.stored(model, set)?;
        let done = stored.decomposition();
        let there = if done.blobs()?.contains(&align_blob(clip)) {
            "replaces the one stored"
        } else {
            "new"
        };
        Ok(Step::new(format!(
            "fit maps of {model} into the space of {clip} ({there})"
        ))
        .from([
            Step::new(format!(
                "read: rows of {} images of {set}, in every epoch anew if they take more than 256 MB",
                done.len()
            )),
            Step::new(format!("read: embeddings of the same images by {clip}")),
            Step::new("then one pass for the moments that scores need"),
        ]))
    }
}

/// What a forward pass multiplies, where that is not f32.
fn in_numbers(forward: Numbers) -> String {
    match forward {
        Numbers::F32 => String::new(),
        _ => format!(" in {forward}"),
    }
}

/// How many components are stored, and how wide their rows are together; `init` is as wide as the representation where it
/// holds earlier layers too.
fn stored_size(about: &About, last_layers: Option<usize>) -> (usize, usize) {
    let Some(count) = last::fewer(about, last_layers) else {
        return (about.components.len(), about.widths.iter().sum());
    };
    let is_kept = last::is_kept(about, count);
    let components = about.components().into_iter().zip(&about.widths);
    let kept = components.filter(|(component, _)| LastLayers::keeps(*component, &is_kept));
    kept.fold((1, about.dim), |(parts, sum), (_, width)| {
        (parts + 1, sum + width)
    })
}

fn stage_words(stage: &crate::lang::query::Stage) -> String {
    use crate::lang::query::Stage;
    match stage {
        Stage::Where(_) => "keep the rows that satisfy the condition".to_owned(),
        Stage::Sort(keys) => {
            format!(
                "sort by {}",
                keys.iter()
                    .map(|(c, _)| c.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        Stage::Select(columns) => format!("keep the columns {}", columns.join(", ")),
        Stage::Take(count) => format!("keep the first {count} rows"),
        Stage::Group { by, .. } => format!("one row per {}", by.join(", ")),
        Stage::Save(path) => format!("write {path}"),
    }
}
