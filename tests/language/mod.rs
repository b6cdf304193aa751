//! The query language: what it accepts, what it means, what it says when it doesn't understand, what it offers.

mod completion;
mod examples;
mod names;
mod random_text;
mod resolving;
mod survive;
mod typos;

pub use names::{catalog, settings};

/// Every statement of the language's description, and a few more forms.
pub const EXAMPLES: &[&str] = &[
    "rank heads for \"texture\" in dinov2",
    "rank heads, mlps for texture in dinov2 on scenes where layer >= 4 limit 10",
    "rank components for \"a photo of the beach\" in swin by variance",
    "rank heads for texture in dinov2, deit, clip",
    "rank heads for texture in dinov2 via head 5.2",
    "rank heads for texture in dinov2 with stability",
    "features of head 5.2 in dinov2",
    "spans of head 5.2 in clip limit 10",
    "retrieve 8 images for \"a striped fish\" in dinov2 using top 5 heads for texture",
    "retrieve 8 images like \"probe.jpg\" by color in swin",
    "heatmap of \"probe.jpg\" for \"bird\" in dinov2 using top 3 heads for animal",
    "heatmap of scenes[17] for \"striped\", \"beach\" in maxvit",
    "segment scenes for object in deit",
    "classify birds by label in dinov2",
    "classify birds by label in dinov2 without top 10 heads for location over bird",
    "ablate layers 5 to 0 cumulatively in deit measuring accuracy",
    "compare heads for texture in dinov2, deit",
    "evaluate ranking of heads in dinov2 on scenes",
    "check dinov2",
    "add model dinov2 from \"facebook/dinov2-base\"",
    "add model clip from \"openai/clip-vit-base-patch16\"",
    "add images birds from \"photos/\" with \"labels.csv\"",
    "decompose birds with dinov2, swin",
    "decompose birds with dinov2 precision f16, batch 16, layers last 5, tokens",
    "decompose birds with dinov2 forward bf16, batch 16",
    "align dinov2 to clip on birds lambda 1",
    "sweep lambda 0.01 to 10 in dinov2",
    "define texture as \"rough texture\", \"furry texture\"",
    "define",
    "show models",
    "show images",
    "show features",
    "show units in dinov2",
    "describe dinov2",
    "describe head 5.2 in dinov2",
    "contributions of heads 5.* in dinov2 on birds aligned | save \"heads.parquet\"",
    "representation of dinov2 on birds | save \"z.parquet\"",
    "drop decomposition dinov2 on birds",
    "rank heads for texture in dinov2 | where score > 0.5 | sort layer, score desc | select layer, head, score | take 5",
    "rank heads for texture in dinov2 into best",
    "retrieve 8 images for \"beach\" in dinov2 using best",
    "from best | group layer: mean score | save \"by-layer.parquet\"",
    "sql \"select layer, max(score) from _ group by layer\"",
    "explain rank heads for texture in dinov2",
    "set format json",
    "set images off",
    "run \"script.vq\"",
    "help rank",
    "let n = 5",
    "rank heads for texture in dinov2 limit $n",
    "rank heads 4.0 to 5.3 for text \"texture\", (\"a\", \"b\") in clip seed 3 template none as paper",
    "rank heads for texture in dinov2 where layer in (1, 2) and not head between 1 and 2 or unit like \"head 3%\"",
    "quit",
];
