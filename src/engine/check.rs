//! `check`: whether the contributions of a model sum to its representation, on images of a set.

use candle_core::{Device, Tensor};

use super::decompose::label;
use super::frames::{frame, numbers, texts};
use super::{Desk, EngineError};
use crate::decompose::{EXACT, Identities};
use crate::interface::answer::Answer;
use crate::kernels::Numbers;

/// How many images of the set are looked at.
const IMAGES: usize = 32;

/// Images at once: few, so that a stop is soon heard.
const BATCH: usize = 1;

impl Desk<'_> {
    /// Checks the identities of `model` on the first images of `set`.
    pub(super) fn check(&mut self, model: &str, set: &str) -> Result<Answer, EngineError> {
        let forward = self.multiplied(model, set);
        let loaded = self.library.model(self.store, model)?;
        let rounding = match forward {
            Numbers::F32 => None,
            _ => Some((self.library).model_multiplying(self.store, model, forward)?),
        };
        let images = self.set(set)?;
        let (height, width) = loaded
            .checkpoint
            .preprocess
            .output()
            .expect("checked when the checkpoint was opened");
        let mut identities = Identities::default();
        let count = images.len().min(IMAGES);
        self.progress
            .start(&format!("checking {model}"), count as u64);
        for start in (0..count).step_by(BATCH) {
            self.cancel.check()?;
            let end = (start + BATCH).min(count);
            let mut pixels = Vec::new();
            // An image that can't be read is reported by `decompose`; here the others do.
            for image in (start..end).filter_map(|row| images.decode(row).ok()) {
                pixels.extend(loaded.checkpoint.preprocess.apply(&image));
            }
            let read = pixels.len() / (3 * height * width);
            if read > 0 {
                let pixels = Tensor::from_vec(pixels, (read, 3, height, width), &Device::Cpu)?;
                match &rounding {
                    None => identities.check(&loaded.decomposer, &pixels)?,
                    Some(rounding) => identities.check_rounding(
                        &rounding.decomposer,
                        &loaded.decomposer,
                        &pixels,
                    )?,
                }
            }
            self.progress.advance(end as u64);
        }
        self.progress.finish();
        let mut answer = answer(model, count, &identities)?;
        if let Some(label) = label(model, forward) {
            let rest = "tokens and neurons are computed anew for a question, in f32";
            answer.notes.push(format!("{label}; {rest}"));
        }
        Ok(answer)
    }
}

fn answer(model: &str, images: usize, identities: &Identities) -> Result<Answer, EngineError> {
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
