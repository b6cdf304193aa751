//! The query language: what it accepts, what it means, what it says when it doesn't understand, what it offers.

mod completion;
mod examples;
mod random_text;
mod resolving;
mod typos;

use vitscope::lang::ast::Value;
use vitscope::lang::catalog::{
    Alignment, Catalog, ColumnInfo, ColumnKind, FeatureInfo, ModelInfo, ResultInfo, SetInfo,
    Settings,
};
use vitscope::lang::query::unit_columns;

/// Two image sets; six models, all decomposed and aligned on both.
pub fn catalog() -> Catalog {
    let both = ["scenes", "birds"].map(str::to_owned);
    let aligned = both.clone().map(|set| Alignment {
        clip: "clip".to_owned(),
        set,
    });
    let model = |name: &str, layers: usize, heads: u16| ModelInfo {
        name: name.to_owned(),
        family: "vit".to_owned(),
        image_size: 64,
        heads: vec![heads; layers],
        mlps: layers as u16,
        neurons: vec![256; layers],
        is_clip: name == "clip",
        decomposed_on: both.to_vec(),
        aligned: aligned.to_vec(),
        ..ModelInfo::default()
    };
    let mut swin = model("swin", 4, 2);
    swin.heads = vec![2, 2, 4, 4];
    swin.blocks = vec![(0, 0), (0, 1), (1, 0), (1, 1)];
    let mut maxvit = model("maxvit", 4, 4);
    maxvit.convs = 2;
    let text = |name: &str, values: &[&str]| ColumnInfo {
        values: values.iter().map(|v| (*v).to_owned()).collect(),
        ..ColumnInfo::new(name, ColumnKind::Text)
    };
    let feature = |name: &str| FeatureInfo {
        name: name.to_owned(),
        texts: vec![format!("a {name}"), format!("some {name}")],
        origin: "built-in".to_owned(),
    };
    Catalog {
        models: vec![
            model("dinov2", 6, 4),
            model("deit", 6, 4),
            swin,
            maxvit,
            model("clip", 6, 4),
        ],
        sets: vec![
            SetInfo {
                name: "scenes".to_owned(),
                rows: 2400,
                columns: vec![
                    text("object", &["fish", "bird", "cat"]),
                    ColumnInfo::new("size", ColumnKind::Number),
                ],
            },
            SetInfo {
                name: "birds".to_owned(),
                rows: 1200,
                columns: vec![text("label", &["landbird", "waterbird"])],
            },
        ],
        features: ["texture", "color", "animal", "object", "location", "bird"]
            .map(feature)
            .to_vec(),
        results: ["best", "_"]
            .map(|name| ResultInfo {
                name: name.to_owned(),
                columns: unit_columns(),
            })
            .to_vec(),
    }
}

/// `set images scenes`, `let n = 5`.
pub fn settings() -> Settings {
    Settings {
        set: Some("scenes".to_owned()),
        variables: [("n".to_owned(), Value::Number(5.0))].into(),
        ..Settings::default()
    }
}

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
