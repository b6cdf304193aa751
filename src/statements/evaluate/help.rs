//! The page of help on `evaluate`, which its forms share.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "evaluate",
    summary: "Holds answers against what is known about the images.",
    form: "evaluate ranking of UNITS|retrieval|heatmaps|ablation of UNITS [for CONCEPT, …] in MODEL [using SELECTION] [OPTIONS]",
    text: "The column with a feature's name says what is true. ranking: scores against cross-validated probes of every \
           unit's contribution (Spearman between and within units; one concept after `for`: unit by unit). \
           retrieval: precision among the first N (`limit N`) by the top 3 heads, against random ones. ablation: \
           what a probe still reads without the top units (`limit N`), the bottom ones, random ones.",
    examples: &[
        "evaluate ranking of heads in dinov2 on scenes",
        "evaluate ranking of heads for texture in dinov2",
        "evaluate retrieval in deit",
        "evaluate heatmaps for object in clip",
        "evaluate ablation of heads in deit limit 5",
    ],
    about_images: false,
};
