//! The page of help on `segment`.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "segment",
    summary: "Zero-shot masks of a concept, scored where true masks are known.",
    form: "segment SET for CONCEPT in MODEL [using SELECTION] [without SELECTION] [OPTIONS]",
    text: "Masks as published: above 0, above the mean. A feature named like a column of the set means for each image the \
           text of the column's value. Where the set has masks: pixel accuracy, foreground IoU, two-class mIoU and \
           average precision of each image.",
    examples: &[
        "segment scenes for object in deit",
        "segment scenes for object in deit where split = \"eval\" limit 100",
    ],
    about_images: true,
};
