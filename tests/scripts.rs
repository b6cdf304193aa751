//! The example scripts run on the demo's store as they are.

use std::path::{Path, PathBuf};

use crate::support::shell::{Ran, demo, on, vitscope};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name)
}

fn csv(name: &str) -> Ran {
    let path = example(name);
    let path = path.to_str().expect("UTF-8");
    on(&demo().store, &[path, "--format", "csv"]).ok()
}

#[test]
fn models_are_compared_head_by_head_and_layer_by_layer() {
    let ran = csv("compare-models.vq");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "unit,kind,layer,head,dinov2,deit,clip");
    let both = lines.iter().position(|line| *line == "unit,dinov2,deit");
    assert_eq!(both, Some(25), "24 heads before it");
    let layers = lines
        .iter()
        .position(|line| *line == "layer,mean texture,mean location")
        .expect("a table by layer");
    assert!((26..50).contains(&layers));
    for (layer, line) in lines[layers + 1..].iter().enumerate() {
        assert!(line.starts_with(&format!("{layer},")), "{line}");
    }
    assert_eq!(lines.len(), layers + 7, "six layers");
}

#[test]
fn the_tour_can_be_run_as_a_script() {
    let ran = csv("tour.vq");
    assert!(ran.out.contains("unit,kind,layer,head,color,location"));
    assert!(ran.out.contains("rank,id,image,score"));
}

#[test]
fn answers_are_saved_where_the_script_runs() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = vitscope()
        .current_dir(folder.path())
        .arg("--store")
        .arg(&demo().store)
        .arg(example("formats.vq"))
        .output()
        .expect("the binary was built for this test");
    Ran::from(output).ok();
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect(name);
    let csv = String::from_utf8(read("heads.csv")).expect("text");
    assert_eq!(csv.lines().count(), 25);
    assert!(read("heads.parquet").starts_with(b"PAR1"));
    let markdown = String::from_utf8(read("heads.md")).expect("text");
    assert_eq!(markdown.lines().count(), 7, "a header, a rule, five rows");
}

#[test]
fn where_things_are_is_asked_in_one_script() {
    let ran = csv("where.vq");
    let lines: Vec<&str> = ran.out.lines().collect();
    let table = |header: &str| {
        let place = lines.iter().position(|line| *line == header);
        place.unwrap_or_else(|| panic!("no {header} in\n{}", ran.out))
    };
    assert_eq!(table("row,column,an owl,the forest"), 0);
    let masks = table("id,text,foreground_iou,average_precision");
    assert_eq!(masks, 1 + 64, "a row for each of 8 × 8 patches");
    table("measure,heat_map,other_text,centre_prior,difference,low,high");
    assert!(lines.contains(&"unit,kind,layer,head,score"));
    assert!(ran.err.contains("head 5.3's own contribution"));
}

/// The tables of a script's answers, each as its lines' cells; a header begins one.
fn tables(ran: &Ran, headers: &[&str]) -> Vec<Vec<Vec<String>>> {
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    for line in ran.out.lines() {
        let cells = line.split(',').map(str::to_owned).collect();
        if headers.iter().any(|header| line.starts_with(header)) {
            tables.push(vec![cells]);
        } else if let Some(table) = tables.last_mut() {
            table.push(cells);
        }
    }
    tables
}

/// The number in the row that begins with `row`, below `column`.
fn number(table: &[Vec<String>], row: &str, column: &str) -> f64 {
    let place = table[0].iter().position(|name| name == column);
    let place = place.unwrap_or_else(|| panic!("no column {column} in {:?}", table[0]));
    let found = table.iter().find(|cells| cells[0] == row);
    let found = found.unwrap_or_else(|| panic!("no row {row} in {table:?}"));
    found[place].parse().expect("a number")
}

#[test]
fn rankings_agree_with_what_probes_find() {
    let ran = csv("ranking.vq");
    let tables = tables(&ran, &["unit,", "feature,"]);
    assert_eq!(tables[0].len(), 9, "a header and eight heads");
    let all = &tables[1];
    for feature in ["color", "location", "texture"] {
        let agreement = number(all, feature, "order-free");
        assert!(agreement > 0.4, "{feature}: {agreement}");
        assert!(number(all, feature, "best probe") > 2.0 * number(all, feature, "chance"));
    }
    assert!(number(all, "mean between units", "against clip") > 0.5);
    assert_eq!(tables[2].len(), 3);
}

#[test]
fn top_heads_find_images_better_than_random_ones() {
    let ran = csv("retrieval.vq");
    let tables = tables(&ran, &["feature,", "rank,"]);
    for feature in ["color", "location", "texture"] {
        let (top, random) = (
            number(&tables[0], feature, "top"),
            number(&tables[0], feature, "random"),
        );
        assert!(top > random + 0.1, "{feature}: {top} {random}");
    }
    assert_eq!(tables.len(), 3);
}

#[test]
fn what_is_ablated_is_missed_more_than_what_is_not() {
    let ran = csv("ablation.vq");
    let tables = tables(&ran, &["step,", "feature,"]);
    assert!(number(&tables[0], "1", "linear") < number(&tables[0], "1", "linear random"));
    // With all layers gone nothing is left of either.
    assert!(number(&tables[0], "6", "linear") < 0.1);
    assert!(number(&tables[1], "6", "accuracy") < number(&tables[1], "0", "accuracy") - 0.1);
    // The location is told by so many heads that no five hide it.
    for feature in ["category", "color", "object", "texture"] {
        let row = |column| number(&tables[2], feature, column);
        assert!(row("top") < row("random") - 0.01, "{feature}");
        assert!(row("top") < row("bottom"), "{feature}");
    }
}

#[test]
fn a_head_misled_by_the_background_is_mended() {
    let store = crate::support::shell::own_store();
    let output = vitscope()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg("--store")
        .arg(store.path())
        .args(["examples/mitigation.vq", "--format", "csv"])
        .output()
        .expect("the binary was built for this test");
    let ran = Ran::from(output).ok();
    let tables = tables(&ran, &["head,"]);
    let deit: Vec<Vec<String>> = tables[0]
        .iter()
        .filter(|cells| cells[0] != "text")
        .map(|cells| cells[1..].to_vec())
        .collect();
    let worst = |column| number(&deit, "worst group", column);
    let all = |column| number(&deit, "all images", column);
    assert!(
        worst("before") < all("before"),
        "the background misleads it"
    );
    assert!(worst("after") > worst("before") + 0.02);
    assert!(worst("after") > worst("random") + 0.02);
}
