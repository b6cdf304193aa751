//! What scripts and other programs rely on: variables, chosen results, binary formats, completions, a manual page, a store
//! that nothing changes.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::Stdio;

use polars_io::prelude::{IpcReader, ParquetReader, SerReader};
use vitscope::statements::STATEMENTS;

use crate::support::shell::{on, vitscope};

fn empty() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn bytes(store: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = vitscope()
        .arg("--store")
        .arg(store)
        .args(arguments)
        .output();
    let output = output.expect("the binary was built for this test");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[test]
fn parquet_and_arrow_on_stdout_are_files_of_the_answer() {
    let store = empty();
    let query = ["-c", "sql \"select 3 as a, 'x' as b\""];
    let parquet = bytes(
        store.path(),
        &[&query[..], &["--format", "parquet"]].concat(),
    );
    let parquet = ParquetReader::new(Cursor::new(parquet))
        .finish()
        .expect("parquet");
    let arrow = bytes(store.path(), &[&query[..], &["--format", "arrow"]].concat());
    let arrow = IpcReader::new(Cursor::new(arrow)).finish().expect("arrow");
    assert!(parquet.equals(&arrow));
    assert_eq!(
        (parquet.height(), parquet.get_column_names()[1].as_str()),
        (1, "b")
    );
    let two = [
        "-c",
        "sql \"select 1 as a\"; sql \"select 2 as a\"",
        "--format",
        "arrow",
    ];
    let refused = vitscope()
        .arg("--store")
        .arg(store.path())
        .args(two)
        .output();
    let refused = refused.expect("the binary was built for this test");
    assert_eq!(refused.status.code(), Some(1), "two tables in one file");
    let last = bytes(store.path(), &[&two[..], &["--result", "last"]].concat());
    let last = IpcReader::new(Cursor::new(last)).finish().expect("arrow");
    assert_eq!(
        last.column("a").expect("a").i32().expect("numbers").get(0),
        Some(2)
    );
}

#[test]
fn one_result_of_several_is_chosen_and_all_statements_run() {
    let store = empty();
    let queries =
        "sql \"select 1 as a\" into one; sql \"select 2 as a\"; sql \"select a + 2 as a from one\"";
    for (which, expected) in [
        ("all", "a\n1\na\n2\na\n3\n"),
        ("2", "a\n2\n"),
        ("last", "a\n3\n"),
        ("9", ""),
    ] {
        let ran = on(
            store.path(),
            &["--format", "csv", "--result", which, "-c", queries],
        )
        .ok();
        assert_eq!(ran.out, expected, "{which}");
    }
}

#[test]
fn variables_come_from_the_command_line_and_a_missing_one_is_pointed_at() {
    let store = empty();
    let query = ["-c", "sql $q | take $n", "--format", "csv"];
    let set = ["--set", "n=1", "--set", "q=select 1 as a, 2 as b"];
    let ran = on(store.path(), &[&query[..], &set].concat()).ok();
    assert_eq!(ran.out, "a,b\n1,2\n");
    let missing = on(
        store.path(),
        &[
            "-c",
            "sql $q | take $m",
            "--set",
            "q=select 1",
            "--format",
            "json",
        ],
    );
    let error: serde_json::Value = serde_json::from_str(&missing.err).expect("one object");
    assert_eq!(
        (missing.code, &error["error"]["column"]),
        (Some(1), &serde_json::json!(15))
    );
}

#[test]
fn a_store_that_is_read_only_stays_as_it_is() {
    let store = empty();
    on(store.path(), &["-c", "define stripes as \"striped\""]).ok();
    let before = fs::read(store.path().join("features.toml")).expect("features");
    let listed = on(
        store.path(),
        &["--read-only", "-c", "describe stripes", "--format", "csv"],
    )
    .ok();
    assert_eq!(listed.out, "text\nstriped\n");
    let model = crate::support::demo_model("dinov2");
    let add = format!("add model m from \"{}\"", model.display());
    for refused in ["define spots as \"spotted\"", &add] {
        let ran = on(store.path(), &["--read-only", "-c", refused]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.err.contains("reading only"), "{}", ran.err);
    }
    assert_eq!(
        fs::read(store.path().join("features.toml")).expect("features"),
        before
    );
    assert!(!store.path().join("models").exists());
}

#[test]
fn scripts_run_scripts_beside_them_from_anywhere() {
    let folder = empty();
    fs::create_dir(folder.path().join("lib")).expect("a folder");
    fs::write(folder.path().join("main.vq"), "run \"lib/first.vq\"").expect("a script");
    fs::write(
        folder.path().join("lib/first.vq"),
        "#!/usr/bin/env vitscope\nrun \"second.vq\"",
    )
    .expect("a script");
    fs::write(
        folder.path().join("lib/second.vq"),
        "sql \"select 7 as seven\"\nsql \"selct\"",
    )
    .expect("a script");
    let script = folder.path().join("main.vq");
    let ran = on(
        folder.path(),
        &["--format", "csv", script.to_str().expect("UTF-8")],
    );
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "seven\n7\n"));
    assert!(ran.err.contains("second.vq:2:6"), "{}", ran.err);
}

#[test]
fn shells_get_completions_and_man_a_page() {
    for (shell, begins) in [
        ("bash", "_vitscope()"),
        ("zsh", "#compdef vitscope"),
        ("fish", "complete -c vitscope"),
    ] {
        let script = String::from_utf8(bytes(Path::new("/nonexistent"), &["completions", shell]))
            .expect("text");
        assert!(
            script.contains(begins) && script.contains("read-only"),
            "{shell}"
        );
    }
    let page = String::from_utf8(bytes(Path::new("/nonexistent"), &["man"])).expect("text");
    assert!(
        page.contains(".TH vitscope 1") && page.contains("\\-\\-format"),
        "{page}"
    );
    for code in ["130", "Exit codes"] {
        assert!(page.contains(code), "{code}");
    }
    for topic in STATEMENTS.topics() {
        assert!(
            page.contains(&format!("\\fB{}\\fR", topic.name)),
            "{}",
            topic.name
        );
    }
}

#[test]
fn the_interactive_flag_needs_a_terminal() {
    let ran = on(Path::new("/nonexistent"), &["-i", "-c", "show models"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("terminal"), "{}", ran.err);
}

#[test]
fn a_script_that_runs_itself_is_stopped() {
    let folder = empty();
    let script = folder.path().join("loop.vq");
    fs::write(&script, "run \"loop.vq\"").expect("a script");
    let ran = on(folder.path(), &[script.to_str().expect("UTF-8")]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("does it run itself?"), "{}", ran.err);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let store = empty();
    let queries = "sql \"select 1 as a\";".repeat(20_000);
    let script = store.path().join("long.vq");
    fs::write(&script, queries).expect("a script");
    let mut child = vitscope()
        .arg("--store")
        .arg(store.path())
        .args(["--format", "csv"])
        .arg(&script)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test");
    let mut first = [0; 4];
    let mut out = child.stdout.take().expect("a pipe");
    out.read_exact(&mut first).expect("an answer");
    drop(out);
    let output = child.wait_with_output().expect("a child of ours");
    assert_eq!((&first, output.status.code()), (b"a\n1\n", Some(0)));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_doctor_tells_what_a_report_needs() {
    let store = empty();
    let ran = on(store.path(), &["doctor", "--format", "json"]).ok();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("an array");
    let named = |what: &str| rows.iter().find(|row| row["what"] == what);
    for what in [
        "version",
        "machine",
        "device",
        "configuration",
        "history",
        "terminal",
        "pictures",
        "store",
    ] {
        assert!(named(what).is_some(), "{what}: {}", ran.out);
    }
    let version = &named("version").expect("a version")["value"];
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
}
