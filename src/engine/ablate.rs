//! `ablate`: what is lost without some components, one after the other or all at once. It is ablation in the
//! decomposition: the direct effect on the representation.

use super::control::{DRAWS, mean_and_sd, random_like};
use super::frames::{frame, numbers, texts, whole};
use super::labels::{Halves, label_column, labels};
use super::measured::replaced;
use super::scores::Stored;
use super::select::of_units;
use super::{Desk, EngineError};
use crate::contributions::Contributions;
use crate::interface::answer::{Answer, Curves, Picture};
use crate::lang::query::{Measure, Question, Target};
use crate::store::ImageSet;

/// A measure of every step, and of its controls.
struct Measured {
    /// `accuracy`, `similarity`.
    name: String,
    /// By variant.
    values: Vec<f64>,
}

/// Measures, and what there is to say about them.
struct Measures {
    measured: Vec<Measured>,
    notes: Vec<String>,
    cached: bool,
}

impl Desk<'_> {
    /// Ablates a selection.
    pub(super) fn ablate(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let stored = self.stored(&target.model, &target.set)?;
        let steps = self.steps(question, target, &stored)?;
        let halves = self.halves(question, target, &set)?;
        let choices: Vec<Vec<usize>> = steps.iter().map(|step| step.1.clone()).collect();
        let control = random_like(stored.specs(), &choices, question.seed.unwrap_or(0));
        let variants: Vec<Vec<usize>> = choices.iter().cloned().chain(control.concat()).collect();
        let measures = self.measures(question, target, &set, &stored, &halves, &variants)?;

        let count = steps.len();
        let mut curves = Curves {
            title: format!("what is left in {}", target.model),
            x_label: "ablated, one after the other".to_owned(),
            y_label: match question.measure {
                Measure::Similarity => "similarity".to_owned(),
                _ => "accuracy".to_owned(),
            },
            x: steps.iter().map(|step| step.0.clone()).collect(),
            lines: Vec::new(),
        };
        let mut columns = vec![
            whole("step", (0..count as u32).map(Some)),
            texts("ablated", steps.iter().map(|step| step.0.as_str())),
            whole(
                "components",
                steps.iter().map(|step| Some(step.1.len() as u32)),
            ),
        ];
        for Measured { name, values } in &measures.measured {
            let random: Vec<(f64, f64)> = (0..count)
                .map(|step| {
                    let draws = (1..=DRAWS).map(|draw| values[draw * count + step]);
                    mean_and_sd(&draws.collect::<Vec<_>>())
                })
                .collect();
            let of = |what: &str| match measures.measured.len() {
                1 => what.to_owned(),
                _ => format!("{name} {what}"),
            };
            let line = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect();
            let means = random.iter().map(|random| random.0).collect();
            curves
                .lines
                .push((name.clone(), line(values[..count].to_vec())));
            curves.lines.push((of("random"), line(means)));
            columns.push(numbers(name, values[..count].iter().copied()));
            columns.push(numbers(&of("random"), random.iter().map(|random| random.0)));
            columns.push(numbers(
                &of("random sd"),
                random.iter().map(|random| random.1),
            ));
        }
        let mut table = frame(columns)?;
        if let Some(limit) = question.limit {
            table = table.head(Some(limit));
        }
        let mut notes = vec![halves.note];
        notes.extend(measures.notes);
        notes.push(format!(
            "{}; what later layers read from them is left as it was (their direct effect)",
            replaced(question)
        ));
        notes.push(format!(
            "random: as many random components of the same kinds, {DRAWS} draws"
        ));
        Ok(Answer {
            title: Some(format!("ablations in {}", target.model)),
            frame: table,
            pictures: match question.cumulatively {
                true => vec![Picture::Curves(curves)],
                false => Vec::new(),
            },
            notes,
            cached: measures.cached,
            ..Answer::default()
        })
    }

    /// What every step is called and the components it ablates: nothing first; then the units one after the other,
    /// each with those before it, or all at once.
    fn steps(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Vec<(String, Vec<usize>)>, EngineError> {
        let Some(selection) = &question.ablated else {
            return Ok(Vec::new());
        };
        let units = self.selected(question, target, selection)?;
        if units.is_empty() {
            return Err(EngineError::refused(
                "the selection has no unit",
                "name other units after `ablate`, or leave out an `except`",
            ));
        }
        let mut steps = vec![("nothing".to_owned(), Vec::new())];
        if question.cumulatively {
            for count in 1..=units.len() {
                let components = of_units(stored, &units[..count])?.components;
                steps.push((units[count - 1].to_string(), components));
            }
        } else {
            let chosen = of_units(stored, &units)?;
            steps.push((chosen.words, chosen.components));
        }
        Ok(steps)
    }

    fn measures(
        &mut self,
        question: &Question,
        target: &Target,
        set: &ImageSet,
        stored: &Stored,
        halves: &Halves,
        variants: &[Vec<usize>],
    ) -> Result<Measures, EngineError> {
        let instead = self.instead(question, stored, halves, variants)?;
        let keep = &halves.judged;
        let (mut measured, mut notes, mut cached) = (Vec::new(), Vec::new(), true);
        match &question.measure {
            Measure::Similarity => {
                measured.push(Measured {
                    name: "similarity".to_owned(),
                    values: self.similarities(stored, variants, &instead, keep)?,
                });
                notes.push("similarity: the mean cosine with the whole representation".to_owned());
            }
            Measure::Column(column) => {
                let labels = labels(set.frame(), column)?;
                let head = self.linear_head(stored, &labels, halves)?.ok_or_else(|| {
                    EngineError::refused(
                        format!("the images to fit on are of fewer than two values of `{column}`"),
                        "measure another column",
                    )
                })?;
                measured.push(Measured {
                    name: "accuracy".to_owned(),
                    values: self.accuracies(stored, &head, variants, &instead, &labels, keep)?,
                });
                notes.push(format!(
                    "accuracy: of a linear probe of `{column}` that was fitted on whole representations"
                ));
            }
            Measure::Accuracy => {
                let column = label_column(set, &self.store.features(Some(set.name()))?)?;
                let labels = labels(set.frame(), &column)?;
                let heads = self.class_heads(question, target, stored, &column, &labels, halves)?;
                for head in &heads.heads {
                    let values =
                        self.accuracies(stored, &head.linear, variants, &instead, &labels, keep)?;
                    measured.push(Measured {
                        name: head.name.to_owned(),
                        values,
                    });
                }
                notes.push(format!(
                    "accuracy for `{column}`: of a linear head, and of CLIP's texts through the alignment"
                ));
                notes.extend(heads.notes);
                cached = heads.cached;
            }
        }
        Ok(Measures {
            measured,
            notes,
            cached,
        })
    }
}
