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
    assert!(ran.err.contains("head 5.2's own contribution"));
}
