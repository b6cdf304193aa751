//! The page of help on `retrieve`.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "retrieve",
    summary: "Which images fit a text, or are like an image in one respect?",
    form: "retrieve [N] images for CONCEPT in MODEL [using SELECTION] [OPTIONS]\n\
           retrieve [N] images like IMAGE [by CONCEPT] in MODEL [using SELECTION] [OPTIONS]",
    text: "IMAGE is a file (\"probe.jpg\") or a row of a set (scenes[17]).",
    examples: &[
        "retrieve 8 images for \"a striped fish\" in dinov2 using top 5 heads for texture",
        "retrieve 8 images like \"probe.jpg\" by color in swin",
        "retrieve 8 images for \"beach\" in dinov2 using best",
        "retrieve 8 images for \"fish\" in dinov2 | save \"fish.png\"",
    ],
    about_images: true,
};
