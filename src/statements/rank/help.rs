//! The page of help on `rank`.

use crate::lang::help::{OPTIONS, Topic};

/// The page.
pub const HELP: Topic = Topic {
    name: "rank",
    summary: "Which units of a model go with a concept?",
    form: "rank UNITS, … for CONCEPT, … in MODEL, … [via head L.H] [with stability] [OPTIONS]",
    text: OPTIONS,
    examples: &[
        "rank heads for texture in dinov2",
        "rank heads, mlps for texture in dinov2 on scenes where layer >= 4 limit 10",
        "rank components for \"a photo of the beach\" in swin by variance",
        "rank heads for texture in dinov2, deit, clip",
        "rank neurons 5.* for texture in dinov2 limit 20",
        "rank heads for texture in dinov2 via head 5.2",
        "rank heads for texture in dinov2 with stability",
    ],
    about_images: false,
};
