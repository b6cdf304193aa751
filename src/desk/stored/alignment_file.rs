//! Alignments on disk: tensors beside the decomposition they belong to, and a note that says how they were fitted.

use serde_json::json;

use crate::align::Alignment;
use crate::desk::DeskError;
use crate::desk::stored::decomposition::Stored;
use crate::store::{Blob, NamedTensor, Store};

/// Where an alignment's note says which CLIP it was fitted to: its fingerprint, since a name can come to mean another.
const FITTED_TO: &str = "clip_fingerprint";

/// The name of the file of an alignment.
pub fn align_blob(clip: &str) -> String {
    format!("align-{clip}")
}

/// The name of the file of the moments that rest on it.
pub fn moments_blob(clip: &str) -> String {
    format!("moments-{clip}")
}

/// The alignment of a model to a CLIP on a set; the identity for the CLIP itself.
pub fn load_alignment(store: &Store, stored: &Stored, clip: &str) -> Result<Alignment, DeskError> {
    let (model, set) = (stored.model(), stored.set());
    if model == clip {
        return Ok(Alignment::identity(stored.dim()));
    }
    let help = format!("run `align {model} to {clip} on {set}`");
    let unaligned = || {
        let message = format!("{model} is not aligned to {clip} on {set} yet");
        DeskError::refused(message, help.clone())
    };
    let mut blob = stored
        .decomposition()
        .load_blob(&align_blob(clip))?
        .ok_or_else(unaligned)?;
    if blob.note[FITTED_TO] != json!(store.model(clip)?.fingerprint) {
        return Err(DeskError::refused(
            format!("{clip} is another model than {model} was aligned to on {set}"),
            help,
        ));
    }
    let mut alignment: Alignment =
        serde_json::from_value(blob.note.clone()).map_err(|_| unaligned())?;
    let maps = stored
        .specs()
        .iter()
        .map(|spec| blob.take_f32(&spec.component.to_string()));
    alignment.maps = maps.collect::<Option<_>>().ok_or_else(unaligned)?;
    Ok(alignment)
}

/// Keeps an alignment in place of the one there is, if any; the moments that rested on that are gone with it.
pub fn save_alignment(
    store: &Store,
    stored: &Stored,
    clip: &str,
    alignment: &Alignment,
) -> Result<(), DeskError> {
    let shape = [alignment.dim, alignment.width];
    let named = stored.specs().iter().zip(&alignment.maps);
    let tensors =
        named.map(|(spec, map)| NamedTensor::f32(spec.component.to_string(), &shape, map.clone()));
    let bare = Alignment {
        maps: Vec::new(),
        ..alignment.clone()
    };
    let mut note = serde_json::to_value(bare).expect("numbers and texts are JSON");
    note[FITTED_TO] = json!(store.model(clip)?.fingerprint);
    let blob = Blob {
        tensors: tensors.collect(),
        note,
    };
    stored.decomposition().remove_blob(&moments_blob(clip))?;
    Ok(stored.decomposition().save_blob(&align_blob(clip), &blob)?)
}
