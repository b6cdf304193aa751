//! What is said of a decomposition that goes on, begins anew or leaves images out.

use crate::store::{Skipped, Writer};

/// What was found of an earlier run.
pub(super) fn begun(writer: &Writer) -> Vec<String> {
    let begun = writer.begun();
    let mut notes = begun.damaged.clone();
    notes.extend(
        begun
            .stale
            .iter()
            .map(|why| format!("starting anew: {why}")),
    );
    if begun.resumed > 0 && writer.pending().is_some() {
        notes.push(format!(
            "going on after the {} images that are stored already",
            begun.resumed
        ));
    }
    notes
}

/// Which images could not be read, and why.
pub(super) fn skipped(skipped: &[Skipped]) -> Vec<String> {
    const NAMED: usize = 5;
    let Some(first) = skipped.first() else {
        return Vec::new();
    };
    if skipped.len() == 1 {
        return vec![format!(
            "1 image was skipped: {} ({})",
            first.image, first.reason
        )];
    }
    let named = skipped.iter().take(NAMED);
    let names: Vec<String> = named
        .map(|s| format!("{} ({})", s.image, s.reason))
        .collect();
    let more = skipped.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    vec![format!(
        "{} images were skipped: {}{tail}",
        skipped.len(),
        names.join("; ")
    )]
}
