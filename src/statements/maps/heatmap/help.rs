//! The page of help on `heatmap`.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "heatmap",
    summary: "Where in an image is a concept?",
    form: "heatmap of IMAGE for CONCEPT, … in MODEL [using SELECTION] [without SELECTION] [per head] [OPTIONS]",
    text: "IMAGE is a file (\"probe.jpg\") or a row of a set (scenes[17]). A row per patch of what the model sees, and what the \
           chosen units (all heads, unless you say) take from it along the concept: signed, and summing to what they \
           contribute. `per head`: a map for each of them.",
    examples: &[
        "heatmap of \"probe.jpg\" for \"bird\" in dinov2 using top 3 heads for animal",
        "heatmap of scenes[17] for \"striped\", \"beach\" in maxvit",
        "heatmap of scenes[17] for \"beach\" in dinov2 using top 3 heads for location per head",
    ],
    about_images: true,
};
