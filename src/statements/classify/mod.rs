//! `classify`: accuracy by the values of a column, group by group, with and without some components.

mod accuracies;
mod groups;

use std::sync::Arc;

use self::accuracies::{Judged, columns};
use self::groups::Groups;
use crate::analysis::{Instead, Labels};
use crate::desk::classes::class_heads::{ClassHead, ClassHeadsOf, Judging};
use crate::desk::classes::judging::Trial;
use crate::desk::classes::replacing::{ReplacedBy, Replacement, replaced};
use crate::desk::images::halves::Halves;
use crate::desk::images::labels::labels;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::stored::decomposition::Stored;
use crate::desk::tables::columns::frame;
use crate::desk::units::random_components::{DRAWS, random_like};
use crate::desk::units::selection::ChosenOf;
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::filter::Filter;
use crate::lang::help::Topic;
use crate::lang::query::{Prompt, Selection, Target};
use crate::lang::resolve::{Names, Resolved};

/// `classify SET by COLUMN in MODEL`.
#[derive(Clone, Debug, PartialEq)]
pub struct Classify {
    /// The model, and the images.
    pub target: Target,
    /// The column that says which class an image is of.
    pub column: String,
    /// How the texts of classes are put.
    pub prompt: Prompt,
    /// The components that are left; all if nothing is said.
    pub using: Option<Selection>,
    /// The components that are left out.
    pub without: Option<Selection>,
    /// Which images are judged by; `None` for all.
    pub images: Option<Filter>,
    /// The greatest number of rows.
    pub limit: Option<usize>,
    /// The seed of all that is drawn.
    pub seed: u64,
}

/// What classifying takes.
pub struct Tickets {
    labels: Labels,
    groups: Groups,
    halves: Halves,
    heads: ClassHeadsOf,
    left_out: Option<LeftOut>,
}

/// What choosing the components to leave out takes, and what is in their place.
struct LeftOut {
    stored: Arc<Stored>,
    chosen: ChosenOf,
    replaced: ReplacedBy,
}

/// What is ablated, and its control.
struct Variants {
    /// What is left out, in words.
    words: String,
    /// Nothing, the components left out, then as many random ones, [`DRAWS`] times.
    variants: Vec<Vec<usize>>,
}

impl Statement for Classify {
    const RULE: &'static str = "classify";
    const HELP: &'static Topic = &Topic {
        name: "classify",
        summary: "How well are images classified by a column, and how much of that rests on some units?",
        form: "classify SET by COLUMN in MODEL [using SELECTION] [without SELECTION] [OPTIONS]",
        text: "By a linear head (a discriminant in closed form, fitted on the images of `split` fit or train) and by CLIP's \
               texts: a class's texts are those of the feature with the column's name that hold the class's name, or \
               those of the feature with the class's name, or the name itself. Accuracies over all images, by group, worst and mean; groups are the classes by the \
               column `background` (or `place`, `environment`, `group`), or else by the one named as the concept of \
               the selection. With `without`, before and after: what is left out is replaced by its mean over the \
               images fitted on; beside it as many random components.",
        examples: &[
            "classify birds by label in dinov2",
            "classify birds by label in dinov2 without top 10 heads for location over bird",
        ],
        about_images: true,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        let set = names.set_decomposed_with(model, Some(said.the(Role::Set)))?;
        let prompt = names.prompt(said, model, &set)?;
        let images = names.images_where(said, &set)?;
        Ok(Self {
            column: names.column_of(said.the(Role::Column), &set)?,
            using: names.selection(said, "using", model, &set)?,
            without: names.selection(said, "without", model, &set)?,
            limit: names.limit(said)?,
            seed: names.seed(said.said("seed"))?.unwrap_or(0),
            target: Target {
                model: model.value.name.clone(),
                set,
            },
            prompt,
            images,
        })
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let what = "judge heads on the representation by what is known";
        planner.step(what, |planner| {
            planner.step_on("judge", &self.target, |planner| self.plan_model(planner))
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let Tickets {
            labels,
            groups,
            halves,
            heads,
            left_out,
        } = tickets;
        let left_out = match left_out {
            Some(out) => Some((self.variants(&out.stored, out.chosen, desk)?, out.replaced)),
            None => None,
        };
        let heads = heads.take(&labels, desk)?;
        let nothing = [Vec::new()];
        let (variants, instead) = match &left_out {
            Some((out, replaced)) => (&*out.variants, replaced.instead(&out.variants, desk)?),
            None => (&nothing[..], Instead::Zero),
        };
        let mut rows = Vec::new();
        for head in &heads.heads {
            let trial = Trial {
                rows: &head.judged,
                variants,
                instead: &instead,
            };
            rows.push((head.name, judge(&trial, head, &labels, &groups, desk)?));
        }
        let mut notes = vec![halves.note];
        notes.extend(heads.notes);
        notes.push(groups.note(&self.column));
        if let Some((out, _)) = &left_out {
            notes.extend(out.notes());
        }
        let mut table = frame(columns(&rows, &groups.names, left_out.is_some()))?;
        if let Some(limit) = self.limit {
            table = table.head(Some(limit));
        }
        let title = format!("accuracy for {} in {}", self.column, self.target.model);
        Ok(Answer {
            title: Some(title),
            frame: table,
            notes,
            cached: heads.cached,
            ..Answer::default()
        }
        .into())
    }
}

impl Classify {
    fn plan_model(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let (target, column) = (&self.target, &self.column);
        let set = planner.set(&target.set)?;
        let labels = labels(set.frame(), column)?;
        let selections = self.without.iter().chain(&self.using);
        let groups = Groups::new(&set, column, &labels, selections);
        let stored = planner.decomposed(target)?;
        let halves = planner.halves(target, &set, self.images.as_ref(), self.seed)?;
        let ablates = self.using.is_some() || self.without.is_some();
        let (judging, left_out) = match ablates {
            true => {
                let left_out = self.plan_left_out(&stored, &halves, planner)?;
                (Judging::Ablated, Some(left_out))
            }
            false => (Judging::Whole, None),
        };
        let heads =
            planner.class_heads(column, &labels, &self.prompt, &stored, &halves, judging)?;
        Ok(Tickets {
            labels,
            groups,
            halves,
            heads,
            left_out,
        })
    }

    fn plan_left_out(
        &self,
        stored: &Arc<Stored>,
        halves: &Halves,
        planner: &mut Planner<'_>,
    ) -> Result<LeftOut, DeskError> {
        let (using, without) = (self.using.as_ref(), self.without.as_ref());
        Ok(LeftOut {
            stored: stored.clone(),
            chosen: planner.chosen(using, without, &self.target, stored)?,
            replaced: planner.replaced_by(Replacement::Mean, stored, halves)?,
        })
    }

    /// The components that `using` and `without` leave out, and the control.
    fn variants(
        &self,
        stored: &Stored,
        chosen: ChosenOf,
        desk: &mut Desk<'_>,
    ) -> Result<Variants, DeskError> {
        let chosen = chosen.components(desk)?;
        let out: Vec<usize> = (0..stored.specs().len())
            .filter(|i| !chosen.components.contains(i))
            .collect();
        let words = match &self.using {
            Some(_) => format!("all but {}", chosen.words),
            None => chosen.words.replacen("all components without ", "", 1),
        };
        let alike = std::slice::from_ref(&out);
        let control = random_like(stored.specs(), alike, self.seed).concat();
        let variants = [Vec::new(), out].into_iter().chain(control).collect();
        Ok(Variants { words, variants })
    }
}

/// Accuracies of a head, variant by variant.
fn judge(
    trial: &Trial<'_>,
    head: &ClassHead,
    labels: &Labels,
    groups: &Groups,
    desk: &Desk<'_>,
) -> Result<Vec<Judged>, DeskError> {
    let (count, group) = (groups.names.len(), |id: u32| groups.of(id));
    let tallies = trial.tallies(&head.linear, labels, count, &group, desk)?;
    Ok(tallies.iter().map(|tally| Judged::of(tally)).collect())
}

impl Variants {
    fn notes(&self) -> [String; 2] {
        [
            format!(
                "after: without {}; {} over the images fitted on, their direct effect alone",
                self.words,
                replaced(Replacement::Mean)
            ),
            format!("random: as many random components of the same kinds instead, {DRAWS} draws"),
        ]
    }
}
