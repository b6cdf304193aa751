//! On the demo, everything in the pictures is known, and the answers agree with it: on images nothing was fitted on.

use std::collections::BTreeMap;

use crate::support::shell::{demo, on};

/// The attributes that rankings are held against.
const FEATURES: [&str; 4] = ["color", "texture", "location", "object"];

/// The rows of an answer: column by column, as text.
fn rows(statement: &str) -> Vec<BTreeMap<String, String>> {
    let ran = on(&demo().store, &["--format", "tsv", "-c", statement]).ok();
    let mut lines = ran.out.lines().map(|line| line.split('\t'));
    let header: Vec<&str> = lines.next().expect("a header").collect();
    let row = |cells: std::str::Split<'_, char>| {
        let own = header.iter().map(|name| (*name).to_owned());
        own.zip(cells.map(str::to_owned)).collect()
    };
    lines.map(row).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    let cell = &row[column];
    cell.parse()
        .unwrap_or_else(|_| panic!("{column} is a number, not {cell}"))
}

#[test]
fn clip_names_what_is_in_the_pictures() {
    for (column, at_least) in [("object", 0.75), ("texture", 0.9), ("location", 0.95)] {
        let rows = rows(&format!("classify scenes by {column} in clip"));
        let all =
            |row: &&BTreeMap<String, String>| row["head"] == "text" && row["group"] == "all images";
        let row = rows.iter().find(all).expect("a row for all images");
        assert_eq!(row["images"], "800", "the half that is kept for this");
        assert!(number(row, "accuracy") >= at_least, "{column}: {row:?}");
    }
}

#[test]
fn rankings_find_the_components_that_probes_find() {
    for model in ["clip", "deit", "dinov2"] {
        let rows = rows(&format!("evaluate ranking of components in {model}"));
        let own = rows
            .iter()
            .filter(|row| FEATURES.contains(&row["feature"].as_str()));
        let scores: Vec<f64> = own.map(|row| number(row, "correlation")).collect();
        assert_eq!(scores.len(), FEATURES.len());
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        assert!(mean >= 0.7, "{model}: {scores:?}");
    }
}

#[test]
fn the_heads_of_an_attribute_find_images_by_it() {
    for model in ["clip", "deit", "dinov2"] {
        for row in rows(&format!("evaluate retrieval in {model}")) {
            let feature = row["feature"].as_str();
            // Trained without labels, dinov2 hardly tells objects apart: its whole representation finds a third of them.
            let known = model != "dinov2" || feature != "object";
            if known && FEATURES.contains(&feature) {
                let margin = number(&row, "top") - number(&row, "random");
                assert!(margin > 0.1, "{model}: {row:?}");
            }
        }
    }
}

#[test]
fn maps_of_the_object_point_at_it() {
    let rows = rows("evaluate heatmaps in deit limit 100");
    let pointing = rows.iter().find(|row| row["measure"] == "pointing_game");
    let pointing = pointing.expect("the pointing game");
    assert!(number(pointing, "low") > 0.0, "better than the middle");
}
