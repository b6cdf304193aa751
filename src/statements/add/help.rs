//! The page of help that `add model` and `add images` share.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "add",
    summary: "Adds a model or a set of images.",
    form: "add model NAME from \"PATH or hub id\"\nadd images NAME from \"PATH\" [with \"LABELS.csv\"]",
    text: "Images come from a folder (labels by subfolder, or from the csv) or a parquet or arrow file.",
    examples: &[
        "add model dinov2 from \"facebook/dinov2-base\"",
        "add images birds from \"photos/\" with \"labels.csv\"",
    ],
    about_images: false,
};
