//! The page of help on `decompose`.

use crate::lang::help::Topic;

/// The page.
pub const HELP: Topic = Topic {
    name: "decompose",
    summary: "Computes and stores what every component contributes to every image's representation.",
    form: "decompose SET with MODEL, … [precision f16|f32] [forward bf16|f16|f32] [batch N] [layers last N]",
    text: "Interrupted at any moment, it goes on where it stopped when run again. `precision` is how rows are stored. `forward`\nis what linear layers multiply (sums are f32 always): bf16 is nearly twice as fast on a CPU with AVX-512 BF16, moves\nrepresentations by about half a per cent of their length, and every answer says so; f16 is for GPUs. `layers last N` stores\nthe components of the last N layers, and what comes before as one component, `init`.",
    examples: &[
        "decompose birds with dinov2, swin",
        "decompose birds with dinov2 precision f16 batch 16 layers last 5",
        "decompose birds with dinov2 forward bf16",
    ],
    about_images: false,
};
