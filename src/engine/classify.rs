//! `classify`: accuracy by the values of a column, group by group, with and without some components.

use polars::prelude::Column;

use super::control::{DRAWS, mean_and_sd, random_like};
use super::frames::{frame, numbers, texts, whole};
use super::labels::{Halves, labels};
use super::measured::{ClassHead, replaced, share};
use super::scores::Stored;
use super::{Desk, EngineError};
use crate::analysis::{Instead, Labels};
use crate::contributions::Contributions;
use crate::interface::answer::Answer;
use crate::lang::query::{Question, Target, Term};
use crate::store::ImageSet;

/// Columns that say what spuriously goes with a class, the first there is: Waterbirds calls it `place`.
const SPURIOUS: [&str; 4] = ["background", "place", "environment", "group"];

/// A column of more values than this makes no groups.
const MOST: usize = 10;

/// What images are judged in: classes, or classes by the values of another column.
struct Groups {
    /// `landbird, water`.
    names: Vec<String>,
    /// By image id.
    of_image: Vec<Option<usize>>,
    /// The other column.
    by: Option<String>,
}

/// Accuracies of one head, in groups and over them.
struct Judged {
    groups: Vec<f64>,
    images: Vec<u64>,
    all: f64,
}

/// What is ablated, and its control.
struct Left {
    /// What it is called.
    words: String,
    /// Nothing, the components left out, then as many random ones, [`DRAWS`] times.
    variants: Vec<Vec<usize>>,
}

impl Desk<'_> {
    /// Classifies a set.
    pub(super) fn classify(&mut self, question: &Question) -> Result<Answer, EngineError> {
        let target = &question.targets[0];
        let set = self.set(&target.set)?;
        let column = question.column.clone().unwrap_or_default();
        let labels = labels(set.frame(), &column)?;
        let groups = groups(question, &set, &column, &labels)?;
        let stored = self.stored(&target.model, &target.set)?;
        let halves = self.halves(question, target, &set)?;
        let left = self.left_out(question, target, &stored)?;
        let heads = self.class_heads(question, target, &stored, &column, &labels, &halves)?;
        let variants = match &left {
            Some(left) => left.variants.clone(),
            None => vec![Vec::new()],
        };
        let instead = match left {
            Some(_) => self.instead(question, &stored, &halves, &variants)?,
            None => Instead::Zero,
        };
        let mut rows = Vec::new();
        for head in &heads.heads {
            let judged = self.judge_head(
                &stored, head, &variants, &instead, &labels, &halves, &groups,
            )?;
            rows.push((head.name, judged));
        }
        let mut notes = vec![halves.note];
        notes.extend(heads.notes);
        notes.push(match &groups.by {
            Some(by) => {
                format!("groups: `{column}` by `{by}`; the mean over groups counts each the same")
            }
            None => format!("groups: the values of `{column}`"),
        });
        if let Some(left) = &left {
            notes.push(format!(
                "after: without {}; {} over the images fitted on, their direct effect alone",
                left.words,
                replaced(question)
            ));
            notes.push(format!(
                "random: as many random components of the same kinds instead, {DRAWS} draws"
            ));
        }
        let mut table = frame(columns(&rows, &groups, left.is_some()))?;
        if let Some(limit) = question.limit {
            table = table.head(Some(limit));
        }
        Ok(Answer {
            title: Some(format!("accuracy for {column} in {}", target.model)),
            frame: table,
            notes,
            cached: heads.cached,
            ..Answer::default()
        })
    }

    /// The components that `using` and `without` leave out, and the control; nothing where all are used.
    fn left_out(
        &mut self,
        question: &Question,
        target: &Target,
        stored: &Stored,
    ) -> Result<Option<Left>, EngineError> {
        if question.using.is_none() && question.without.is_none() {
            return Ok(None);
        }
        let chosen = self.chosen(question, target, stored)?;
        let out: Vec<usize> = (0..stored.specs().len())
            .filter(|i| !chosen.components.contains(i))
            .collect();
        let words = match &question.using {
            Some(_) => format!("all but {}", chosen.words),
            None => chosen.words.replacen("all components without ", "", 1),
        };
        let seed = question.seed.unwrap_or(0);
        let control = random_like(stored.specs(), std::slice::from_ref(&out), seed).concat();
        let variants = [Vec::new(), out].into_iter().chain(control).collect();
        Ok(Some(Left { words, variants }))
    }

    #[allow(clippy::too_many_arguments)] // a head, what is ablated, and how it is judged
    fn judge_head(
        &self,
        stored: &Stored,
        head: &ClassHead<'_>,
        variants: &[Vec<usize>],
        instead: &Instead,
        labels: &Labels,
        halves: &Halves,
        groups: &Groups,
    ) -> Result<Vec<Judged>, EngineError> {
        let group = |id: u32| groups.of_image[id as usize];
        let count = groups.names.len();
        let tallies = self.tallies(
            stored,
            &head.linear,
            variants,
            instead,
            labels,
            &halves.judged,
            count,
            &group,
        )?;
        let judged = |tally: Vec<(u64, u64)>| Judged {
            all: share(
                tally
                    .iter()
                    .fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1)),
            ),
            groups: tally.iter().map(|own| share(*own)).collect(),
            images: tally.iter().map(|own| own.0).collect(),
        };
        Ok(tallies.into_iter().map(judged).collect())
    }
}

impl Judged {
    /// Over all images, the mean of groups, the worst, then every group that has images.
    fn rows(&self) -> Vec<f64> {
        let there: Vec<f64> = (self.groups.iter().zip(&self.images))
            .filter(|(_, images)| **images > 0)
            .map(|(accuracy, _)| *accuracy)
            .collect();
        let mean = there.iter().sum::<f64>() / there.len().max(1) as f64;
        let worst = there.iter().copied().fold(f64::INFINITY, f64::min);
        [self.all, mean, worst].into_iter().chain(there).collect()
    }
}

/// The table: for every head a row for all images, for the groups' mean, the worst, and each group.
fn columns(heads: &[(&'static str, Vec<Judged>)], groups: &Groups, ablated: bool) -> Vec<Column> {
    let (mut head, mut group, mut images) = (Vec::new(), Vec::new(), Vec::new());
    let (mut before, mut after, mut random, mut sd) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, variants) in heads {
        let whole = &variants[0];
        let rows: Vec<Vec<f64>> = variants.iter().map(Judged::rows).collect();
        let there = (groups.names.iter().zip(&whole.images)).filter(|(_, images)| **images > 0);
        group.extend(["all images", "mean of groups", "worst group"].map(str::to_owned));
        images.extend([Some(whole.images.iter().sum::<u64>() as u32), None, None]);
        for (own, count) in there {
            group.push(own.clone());
            images.push(Some(*count as u32));
        }
        head.extend(std::iter::repeat_n(*name, rows[0].len()));
        before.extend(rows[0].iter().copied());
        if ablated {
            after.extend(rows[1].iter().copied());
            for row in 0..rows[0].len() {
                let draws: Vec<f64> = rows[2..].iter().map(|rows| rows[row]).collect();
                let (mean, spread) = mean_and_sd(&draws);
                random.push(mean);
                sd.push(spread);
            }
        }
    }
    let mut columns = vec![
        texts("head", head),
        texts("group", group),
        whole("images", images),
    ];
    if ablated {
        columns.extend([
            numbers("before", before),
            numbers("after", after),
            numbers("random", random),
            numbers("random sd", sd),
        ]);
    } else {
        columns.push(numbers("accuracy", before));
    }
    columns
}

/// Classes by the values of the column that says what goes with them spuriously, or else of the one named as the
/// concept that components are chosen for.
fn groups(
    question: &Question,
    set: &ImageSet,
    column: &str,
    own: &Labels,
) -> Result<Groups, EngineError> {
    let columns = set.columns();
    let chosen = question.without.iter().chain(&question.using);
    let concepts: Vec<String> = chosen
        .flat_map(|selection| &selection.terms)
        .filter_map(|(_, term)| match term {
            Term::Extreme { concept, .. } => Some(concept.label()),
            _ => None,
        })
        .collect();
    let named = SPURIOUS
        .into_iter()
        .chain(concepts.iter().map(String::as_str));
    for by in named.filter(|by| columns.contains(by) && *by != column) {
        let Ok(other) = labels(set.frame(), by) else {
            continue;
        };
        if other.classes.len() > MOST {
            continue;
        }
        let count = other.classes.len();
        let of_image = (0..set.len() as u32).map(|id| Some(own.of(id)? * count + other.of(id)?));
        let names = own.classes.iter().flat_map(|class| {
            other
                .classes
                .iter()
                .map(move |value| format!("{class}, {value}"))
        });
        return Ok(Groups {
            names: names.collect(),
            of_image: of_image.collect(),
            by: Some(by.to_owned()),
        });
    }
    Ok(Groups {
        names: own.classes.clone(),
        of_image: (0..set.len() as u32).map(|id| own.of(id)).collect(),
        by: None,
    })
}
