//! Sentences that answers share: what scores rest on, and how good an alignment is.

use crate::desk::units::scores::Ground;
use crate::lang::query::{Prompt, Target};

/// Below this cosine on held-out images, an answer through the alignment warns.
pub const POOR: f64 = 0.5;

/// Says what a target's scores rest on; `chosen` if a condition chose the images.
pub fn note_ground(
    target: &Target,
    prompt: &Prompt,
    ground: Ground,
    chosen: bool,
    notes: &mut Vec<String>,
) {
    let (model, set, images) = (&target.model, &target.set, ground.images);
    let apart = match (*model == prompt.clip, ground.apart) {
        (true, _) => "no alignment is involved",
        (false, true) => "none of which the alignment was fitted on",
        (false, false) => "which the alignment was fitted on, as the set has no split",
    };
    notes.push(format!("{model}: {images} images of {set}, {apart}"));
    note_alignment(
        model,
        &prompt.clip,
        ground.held_out_cosine,
        "its ranking says",
        notes,
    );
    if images < 50 && chosen {
        notes.push(format!("scores on {images} images are unsteady"));
    }
}

/// Warns of an alignment that is so poor that what rests on it `says` little.
pub fn note_alignment(
    model: &str,
    clip: &str,
    held_out_cosine: Option<f64>,
    says: &str,
    notes: &mut Vec<String>,
) {
    if let Some(cosine) = held_out_cosine.filter(|&cosine| cosine < POOR) {
        notes.push(format!(
            "the alignment of {model} to {clip} is poor (held-out cosine {cosine:.2}); {says} little"
        ));
    }
}
