//! The demo shows what the tool does, and its store answers every kind of question the same way on any terminal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::shell::{ask, demo, on, own_store, tour, vitscope};

const RANK: &str = "rank heads for texture in dinov2";

/// The tables of an output, title line included.
fn tables(out: &str) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    let mut title = "";
    for line in out.lines() {
        match line.chars().next() {
            Some('┌') => tables.push(format!("{title}\n{line}\n")),
            Some('│' | '├' | '└') => {
                let table = tables.last_mut().expect("a table begins with its corner");
                table.push_str(line);
                table.push('\n');
            }
            _ => title = line,
        }
    }
    tables
}

#[test]
fn the_tour_prepares_everything_and_ranks_heads() {
    let first = &demo().first;
    assert_eq!(first.code, Some(0), "{}", first.err);
    let tables = tables(&first.out);
    let table = |title: &str| {
        let found = tables.iter().find(|table| table.starts_with(title));
        found.unwrap_or_else(|| panic!("no table {title} in:\n{}", first.out))
    };
    for (title, columns) in [
        (
            "dinov2 aligned to clip on scenes",
            &["measure", "value"][..],
        ),
        ("deit aligned to clip on scenes", &["measure", "value"]),
        ("correlation with texture in dinov2\n", &["unit", "score"]),
        (
            "correlation with color, location in dinov2",
            &["unit", "color", "location"],
        ),
        (
            "images for a striped texture in dinov2",
            &["image", "score"],
        ),
        (
            "correlation with texture in dinov2, deit, clip",
            &["dinov2", "deit", "clip"],
        ),
    ] {
        let header = table(title).lines().nth(2).expect("a header");
        let names: Vec<&str> = header.split('│').map(str::trim).collect();
        for column in columns {
            assert!(names.contains(column), "{header}");
        }
    }
    assert_eq!(
        table("correlation with texture in dinov2\n")
            .lines()
            .filter(|line| line.starts_with("│ head "))
            .count(),
        8
    );
    assert!(
        table("dinov2 aligned").contains("│ 1440"),
        "whole numbers have no point"
    );
}

#[test]
fn the_tour_echoes_each_statement_on_stderr_and_nothing_between_them() {
    let first = &demo().first;
    for statement in [
        "decompose scenes with clip, dinov2, deit",
        "align deit to clip on scenes",
        "# Which heads of dinov2 know texture?",
        "rank heads for texture in dinov2 limit 8",
    ] {
        assert!(first.err.contains(statement), "{statement}");
        assert!(!first.out.contains(statement), "stdout is data");
    }
    let stray = |line: &&str| line.trim() == ";";
    assert_eq!(first.err.lines().find(stray), None);
    assert!(!first.err.contains('\x1b') && !first.out.contains('\x1b'));
}

#[test]
fn the_second_tour_computes_nothing_again_and_says_the_same() {
    let demo = demo();
    let manifest = demo
        .store
        .join("decompositions/dinov2@scenes/manifest.json");
    let written = fs::metadata(&manifest)
        .and_then(|m| m.modified())
        .expect("a time");
    let second = tour(&demo.data, &[]).ok();
    let again = fs::metadata(&manifest)
        .and_then(|m| m.modified())
        .expect("a time");
    assert_eq!(written, again);
    assert!(!second.err.contains("decompose") && !second.err.contains("align dinov2"));
    // The first run begins with the reports of the alignments.
    let mut questions = tables(&demo.first.out);
    questions.retain(|table| !table.contains(" aligned to "));
    assert_eq!(tables(&second.out), questions);
    assert!(demo.first.out.ends_with(&second.out), "byte for byte");
    assert_eq!(tour(&demo.data, &[]).out, second.out);
}

#[test]
fn grids_and_pictures_are_drawn_where_they_are_wanted() {
    let drawn = tour(&demo().data, &["--color", "always", "--images", "blocks"]).ok();
    assert!(drawn.out.contains('▀'), "half blocks");
    assert!(drawn.out.contains("dinov2 · texture"), "the grid's title");
    assert!(drawn.out.contains(";48;5;"), "background colours");
    let plain = tour(&demo().data, &["--images", "none"]).ok();
    assert!(!plain.out.contains('▀') && !plain.out.contains("dinov2 · texture"));
}

#[test]
fn machine_formats_parse_and_do_not_depend_on_the_terminal() {
    let store = &demo().store;
    let csv = on(store, &["-c", RANK, "--format", "csv"]).ok();
    assert_eq!(csv.out.lines().next(), Some("unit,kind,layer,head,score"));
    assert_eq!(csv.rows().len(), 24);
    let (mut scores, mut written) = (Vec::new(), Vec::new());
    for row in csv.rows() {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells[0], format!("head {}.{}", cells[2], cells[3]));
        scores.push(cells[4].parse::<f64>().expect("a number"));
        written.push(cells[4]);
    }
    assert!(scores.is_sorted_by(|a, b| a >= b), "best first");
    assert!(
        scores.iter().all(|score| score.abs() <= 1.0),
        "correlations"
    );

    let json = on(store, &["-c", RANK, "--format", "json"]).ok();
    let rows: Vec<BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(&json.out).expect("an array of objects");
    assert_eq!(rows.len(), 24);
    for (row, (score, digits)) in rows.iter().zip(scores.iter().zip(written)) {
        assert_eq!(row.len(), 5);
        // The parser rounds the last bit its own way; the digits are the same.
        assert!((row["score"].as_f64().expect("a number") - score).abs() < 1e-15);
        assert!(
            json.out.contains(&format!("\"score\":{digits}}}")),
            "{digits}"
        );
    }
    let ndjson = on(store, &["-c", RANK, "--format", "ndjson"]).ok();
    assert_eq!(ndjson.out.lines().count(), 24);

    for format in ["csv", "tsv", "json", "ndjson", "markdown"] {
        let usual = on(store, &["-c", RANK, "--format", format]).ok().out;
        let flags = [
            "--color", "always", "--images", "blocks", "--ascii", "-c", RANK,
        ];
        let gaudy = vitscope()
            .arg("--store")
            .arg(store)
            .args(flags)
            .args(["--format", format])
            .env("COLUMNS", "20")
            .env("TERM", "dumb")
            .env("LC_ALL", "C")
            .output()
            .expect("the binary was built for this test");
        assert_eq!(String::from_utf8_lossy(&gaudy.stdout), usual, "{format}");
    }
}

#[test]
fn queries_come_from_flags_files_and_pipes_and_end_with_their_exit_codes() {
    let store = &demo().store;
    let both = on(store, &["-c", "show models", "-c", "show images"]).ok();
    assert!(both.out.contains("dinov2") && both.out.contains("2400"));
    assert!(both.out.find("dinov2") < both.out.find("2400"));

    let mut piped = vitscope()
        .arg("--store")
        .arg(store)
        .args(["--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test");
    let script = format!("# a comment\n{RANK} limit 2;\nshow models;\n");
    let mut stdin = piped.stdin.take().expect("a pipe");
    stdin.write_all(script.as_bytes()).expect("a pipe");
    drop(stdin);
    let output = piped.wait_with_output().expect("a child of ours");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("unit,kind") && text.contains("model,family"),
        "{text}"
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("two.vq");
    fs::write(
        &path,
        "show models;\nrank heads for texture in dino2;\nshow images\n",
    )
    .expect("a file");
    let name = path.to_str().expect("UTF-8");
    let stopped = on(store, &[name]);
    assert_eq!(stopped.code, Some(1));
    assert!(stopped.err.contains("two.vq:2:27") && !stopped.out.contains("image sets"));
    let went_on = on(store, &[name, "--on-error", "continue"]);
    assert_eq!(went_on.code, Some(1));
    assert!(went_on.out.contains("image sets"));
    assert_eq!(on(store, &["nowhere.vq"]).code, Some(2));
    assert_eq!(ask(store, "run \"nowhere.vq\"").code, Some(2));
    assert_eq!(
        ask(store, "add model x from \"/nonexistent\"").code,
        Some(3)
    );
}

#[test]
fn contributions_sum_to_the_representation() {
    let checked = on(&demo().store, &["-c", "check deit", "--format", "csv"]).ok();
    assert!(checked.rows().len() >= 2, "{}", checked.out);
    for row in checked.rows() {
        let error = row.rsplit(',').next().expect("a cell");
        let error: f64 = error.parse().expect("a number");
        assert!(error < 1e-5, "{row}");
    }
}

#[test]
fn what_there_is_can_be_shown_described_and_explained() {
    let store = &demo().store;
    for (query, says) in [
        ("show models", &["dinov2", "clip on scenes"][..]),
        ("show images", &["scenes", "2400", "texture"]),
        ("show features", &["location", "the beach"]),
        ("show units in dinov2", &["head 5.3", "mlp 5"]),
        ("show settings", &["format", "progress"]),
        (
            "describe dinov2",
            &["vit_base_patch14_reg4_dinov2", "128 numbers"],
        ),
        ("describe head 5.2 in dinov2", &["head 5.2", "mean norm"]),
        (
            "describe scenes",
            &["texture", "checkered, dotted, plain, striped"],
        ),
        (
            "explain rank heads for texture in dinov2",
            &["24 units of dinov2 on scenes", "stored"],
        ),
        ("help", &["rank", "decompose", "heatmap"]),
        ("help rank", &["rank heads for texture in dinov2"]),
    ] {
        let shown = ask(store, query).ok();
        for piece in says {
            assert!(
                shown.out.contains(piece),
                "no {piece} in {query}:\n{}",
                shown.out
            );
        }
    }
}

#[test]
fn answers_are_filtered_sorted_cut_and_saved_in_every_format() {
    let store = &demo().store;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let query = format!(
        "{RANK} | where score > 0 | sort layer, score desc | select layer, head, score | take 5"
    );
    let csv = on(store, &["-c", &query, "--format", "csv"]).ok();
    assert_eq!(csv.out.lines().next(), Some("layer,head,score"));
    let rows: Vec<(u32, f64)> = csv
        .rows()
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            let layer = cells[0].parse().expect("a layer");
            (layer, cells[2].parse().expect("a score"))
        })
        .collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|(_, score)| *score > 0.0));
    assert!(rows.is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 >= b.1)));

    for extension in ["csv", "tsv", "json", "ndjson", "md", "parquet", "arrow"] {
        let path = folder.path().join(format!("best.{extension}"));
        let saved = ask(store, &format!("{query} | save \"{}\"", path.display())).ok();
        assert!(saved.err.contains("saved 5 rows"), "{}", saved.err);
        let bytes = fs::read(&path).expect("a saved file");
        match extension {
            "csv" => assert_eq!(String::from_utf8(bytes).expect("text"), csv.out),
            "parquet" => assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1")),
            "arrow" => assert!(bytes.starts_with(b"ARROW1") && bytes.ends_with(b"ARROW1")),
            _ => assert!(!bytes.is_empty(), "{extension}"),
        }
    }
}

#[test]
fn names_variables_features_and_scripts_carry_over_from_statement_to_statement() {
    let directory = own_store();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = folder.path().join("best.vq");
    fs::write(
        &script,
        "let n = 3;\nrank heads for stripes in dinov2 limit $n into best\n",
    )
    .expect("a file");
    let defined = ask(
        directory.path(),
        "define stripes as \"a striped animal\", \"stripes\"",
    )
    .ok();
    assert_eq!(defined.out, "");
    let run = format!("run \"{}\"", script.display());
    let grouped = on(
        directory.path(),
        &[
            "-q",
            "--format",
            "csv",
            "-c",
            &run,
            "-c",
            "from best | group layer: max score",
            "-c",
            "from _ | take 1",
        ],
    )
    .ok();
    let lines: Vec<&str> = grouped.out.lines().collect();
    assert_eq!(lines[0], "unit,kind,layer,head,score");
    assert_eq!(
        lines[4], "layer,max score",
        "three rows of the script before it"
    );
    assert_eq!(lines.last(), Some(&lines[5]), "`_` is the answer before");
    let unknown = ask(directory.path(), "from best");
    assert_eq!(unknown.code, Some(1), "results end with their session");
}
