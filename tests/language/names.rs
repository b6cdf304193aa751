//! The names that statements of these tests can mean.

use vitscope::lang::ast::Value;
use vitscope::lang::catalog::{
    Alignment, Catalog, ColumnInfo, ColumnKind, FeatureInfo, ModelInfo, ResultInfo, SetInfo,
    Settings,
};
use vitscope::lang::query::unit_columns;
use vitscope::statements::STATEMENTS;

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
        topics: STATEMENTS.topics(),
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
