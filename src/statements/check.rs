//! `check`: whether the contributions of a model sum to its representation, on images of a set.

use std::sync::Arc;

use candle_core::{Device, Tensor};

use crate::decompose::{EXACT, Identities};
use crate::desk::models::loaded::LoadedModel;
use crate::desk::models::passes::Passes;
use crate::desk::statement::{Outcome, Statement};
use crate::desk::tables::columns::{frame, numbers, texts};
use crate::desk::tables::wording::{in_numbers, label};
use crate::desk::{Desk, DeskError, Planner};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;
use crate::lang::ast::Clause;
use crate::lang::expect::Role;
use crate::lang::help::Topic;
use crate::lang::query::Target;
use crate::lang::resolve::{Names, Resolved};
use crate::store::ImageSet;

/// How many images of the set are looked at.
const IMAGES: usize = 32;

/// Images at once: few, so that a stop is soon heard.
const BATCH: usize = 1;

/// `check MODEL on SET`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check(pub Target);

/// What checking takes.
pub struct Tickets {
    images: Arc<ImageSet>,
    /// What the forward pass of the stored contributions multiplied.
    forward: Numbers,
    passes: Passes,
}

impl Statement for Check {
    const RULE: &'static str = "check";
    const HELP: &'static Topic = &Topic {
        name: "check",
        summary: "Do the contributions of a model sum to its representation?",
        form: "check MODEL [on SET]",
        text: "",
        examples: &["check dinov2", "check dinov2 on scenes"],
        about_images: false,
    };
    type Tickets = Tickets;

    fn read(said: &Clause, names: &mut Names<'_>) -> Resolved<Self> {
        let model = names.model(said.the(Role::Model))?;
        Ok(Self(Target {
            set: names.set_for(model, said.said("on"))?,
            model: model.value.name.clone(),
        }))
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Tickets, DeskError> {
        let Target { model, set } = &self.0;
        let forward = planner.multiplied(model, set);
        let words = format!("compare sums of contributions of {model} with what they sum to");
        planner.step(words, |planner| {
            let numbers = in_numbers(forward);
            let words =
                format!("compute: forward passes{numbers} of up to {IMAGES} images of {set}");
            Ok(Tickets {
                images: planner.set(set)?,
                forward,
                passes: planner.passes(words, model, forward),
            })
        })
    }

    fn run(&self, tickets: Tickets, desk: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let model = &self.0.model;
        let exact = tickets.passes.exact_model(desk)?;
        let rounding = match tickets.forward {
            Numbers::F32 => None,
            _ => Some(tickets.passes.model(desk)?),
        };
        let mut identities = Identities::default();
        let count = tickets.images.len().min(IMAGES);
        desk.progress
            .start(&format!("checking {model}"), count as u64);
        for start in (0..count).step_by(BATCH) {
            desk.cancel.check()?;
            let end = (start + BATCH).min(count);
            if let Some(pixels) = pixels(&exact, &tickets.images, start..end)? {
                let decomposer = &exact.decomposer;
                match &rounding {
                    None => identities.check(decomposer, &pixels)?,
                    Some(rounding) => {
                        identities.check_rounding(&rounding.decomposer, decomposer, &pixels)?;
                    }
                }
            }
            desk.progress.advance(end as u64);
        }
        desk.progress.finish();
        let mut answer = answer(model, count, &identities)?;
        if let Some(label) = label(model, tickets.forward) {
            let rest = "tokens and neurons are computed anew for a question, in f32";
            answer.notes.push(format!("{label}; {rest}"));
        }
        Ok(answer.into())
    }
}

/// Images as a model takes them. One that can't be read is reported by `decompose`; here the others do.
fn pixels(
    loaded: &LoadedModel,
    images: &ImageSet,
    rows: std::ops::Range<usize>,
) -> Result<Option<Tensor>, DeskError> {
    let preprocess = &loaded.checkpoint.preprocess;
    let (height, width) = preprocess
        .output()
        .expect("checked when the checkpoint was opened");
    let mut pixels = Vec::new();
    for image in rows.filter_map(|row| images.decode(row).ok()) {
        pixels.extend(preprocess.apply(&image));
    }
    let read = pixels.len() / (3 * height * width);
    if read == 0 {
        return Ok(None);
    }
    let shape = (read, 3, height, width);
    Ok(Some(Tensor::from_vec(pixels, shape, &Device::Cpu)?))
}

fn answer(model: &str, images: usize, identities: &Identities) -> Result<Answer, DeskError> {
    let worst = identities.worst();
    let verdict = if worst <= EXACT {
        format!("{model} adds up: on {images} images no sum is off by more than {worst:.1e}")
    } else {
        format!(
            "{model} does not add up: a sum is off by {worst:.1e}, more than rounding makes ({EXACT:.0e})"
        )
    };
    let each = identities.each();
    Ok(Answer {
        title: Some(format!("largest relative error of sums in {model}")),
        frame: frame(vec![
            texts("sum of", each.iter().map(|identity| identity.parts)),
            texts("against", each.iter().map(|identity| identity.whole)),
            numbers("relative error", each.iter().map(|identity| identity.worst)),
        ])?,
        notes: vec![verdict],
        ..Answer::default()
    })
}
