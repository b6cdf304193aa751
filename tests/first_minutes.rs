//! What goes wrong in a new user's first minutes is answered with a sentence, a place and what to do.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::shell::{Ran, ask, copy_tree, demo, on, own_store};
use crate::support::{copy_of, demo_model};

/// A run that failed as it should: the right exit code, nothing on stdout, and every piece of `says` on stderr.
#[track_caller]
fn assert_failed(ran: &Ran, code: i32, says: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}", ran.err);
    assert_eq!(ran.out, "", "stdout is data");
    // Sentences are wrapped to the width of a page.
    let flat = flat(&ran.err);
    for piece in says {
        assert!(flat.contains(piece), "no “{piece}” in:\n{}", ran.err);
    }
    assert_plain(&ran.err);
}

fn flat(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| *word != "│")
        .collect();
    words.join(" ")
}

/// Nothing that only a programmer understands.
#[track_caller]
fn assert_plain(text: &str) {
    let forbidden = [
        "panicked",
        "RUST_BACKTRACE",
        "os error",
        "Os {",
        "Err(",
        "Some(",
        "::",
    ];
    for word in forbidden {
        assert!(!text.contains(word), "“{word}” in:\n{text}");
    }
}

/// What a query on the demo's store fails with.
#[track_caller]
fn wrong(query: &str, code: i32, says: &[&str]) {
    assert_failed(&ask(&demo().store, query), code, says);
}

/// A store of its own, with one model and no images.
fn store_with_model(name: &str) -> tempfile::TempDir {
    let store = tempfile::tempdir().expect("a temporary folder");
    let folder = demo_model(name);
    ask(
        store.path(),
        &format!("add model {name} from \"{}\"", folder.display()),
    )
    .ok();
    store
}

#[test]
fn misspelt_words_are_answered_with_the_nearest_right_one() {
    for (query, says) in [
        ("rnak heads for texture in dinov2", "did you mean `rank`?"),
        ("rank heads fro texture in dinov2", "did you mean `for`?"),
        ("rank hedas for texture in dinov2", "did you mean `heads`?"),
        ("rank heads for texture in dinv2", "did you mean `dinov2`?"),
        ("rank heads for textur in dinov2", "did you mean `texture`?"),
        (
            "rank heads for texture in dinov2 on scene",
            "did you mean `scenes`?",
        ),
        (
            "rank heads for texture in dinov2 where laye > 3",
            "did you mean `layer`?",
        ),
        (
            "rank heads for texture in dinov2 | where scor > 0",
            "did you mean `score`?",
        ),
        (
            "retrieve 3 images for \"fish\" in dinov2 where colr = \"blue\"",
            "did you mean `color`?",
        ),
        ("help rnak", "did you mean `rank`?"),
        ("set fromat json", "did you mean `format`?"),
        ("set format jsno", "did you mean `json`?"),
    ] {
        wrong(query, 1, &[says, "-c:1:", query]);
    }
}

#[test]
fn unfinished_and_open_statements_are_shown_where_they_end_or_begin() {
    wrong(
        "rank heads for",
        1,
        &["isn't finished", "-c:1:15", "more must follow"],
    );
    wrong(
        "rank heads for \"texture in dinov2",
        1,
        &["no closing \"", "-c:1:16", "close it with"],
    );
    wrong(
        "rank heads for texture in dinov2 | take x",
        1,
        &["expected a number, found `x`", "-c:1:41"],
    );
}

#[test]
fn units_that_the_model_does_not_have_are_refused_with_what_it_has() {
    wrong("describe head 9.2 in dinov2", 1, &["head 9.2", "6 layers"]);
    wrong(
        "rank tokens for texture in deit",
        1,
        &["tokens are not stored"],
    );
}

#[test]
fn what_this_version_does_not_compute_is_said_in_one_sentence() {
    for query in [
        "heatmap of scenes[17] for \"striped\" in dinov2",
        "segment scenes for object in deit",
        "classify scenes by object in dinov2",
        "ablate layers 5 to 0 cumulatively in deit measuring accuracy",
        "spans of head 5.2 in clip limit 10",
        "rank heads for texture in dinov2 via head 5.2",
        "rank heads for texture in dinov2 with stability",
    ] {
        let ran = ask(&demo().store, query);
        // Versions differ in what they compute; none may fail in another way than by saying so.
        if ran.code != Some(0) {
            assert_failed(&ran, 1, &["this version", "help:"]);
        }
    }
}

#[test]
fn questions_before_their_preparations_name_the_statement_to_run() {
    let store = store_with_model("deit");
    let store = store.path();
    assert_failed(
        &ask(store, "rank heads for texture in deit"),
        1,
        &["there are no images yet", "add images NAME from"],
    );
    let scenes = demo_model("deit").join("../../scenes.parquet");
    ask(
        store,
        &format!("add images scenes from \"{}\"", scenes.display()),
    )
    .ok();
    assert_failed(
        &ask(store, "rank heads for texture in deit"),
        1,
        &["decompose scenes with deit"],
    );
    let unaligned = own_store();
    for name in ["align-clip.safetensors", "align-clip.json"] {
        let entry = unaligned.path().join("decompositions/deit@scenes");
        fs::remove_file(entry.join(name)).expect("the demo is aligned");
    }
    assert_failed(
        &ask(unaligned.path(), "rank heads for texture in deit"),
        1,
        &["align deit to clip on scenes"],
    );
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert_failed(
        &ask(empty.path(), "rank heads for texture in deit"),
        1,
        &["unknown model `deit`", "add model NAME from"],
    );
}

#[test]
fn folders_that_hold_no_checkpoint_are_refused_with_what_is_missing() {
    let store = tempfile::tempdir().expect("a temporary folder");
    let add = |folder: &Path| {
        let query = format!("add model m from \"{}\"", folder.display());
        ask(store.path(), &query)
    };
    let nowhere = Path::new("/nonexistent/checkpoint");
    assert_failed(
        &add(nowhere),
        3,
        &["/nonexistent/checkpoint is not a folder", "config.json"],
    );
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert_failed(&add(empty.path()), 3, &["has no config.json"]);
    let no_weights = copy_of(&demo_model("deit"));
    fs::remove_file(no_weights.path().join("model.safetensors")).expect("weights to remove");
    assert_failed(&add(no_weights.path()), 1, &["model.safetensors"]);
    let lacking = copy_of(&demo_model("deit"));
    remove_tensor(
        &lacking.path().join("model.safetensors"),
        "blocks.3.mlp.fc1.weight",
    );
    assert_failed(&add(lacking.path()), 1, &["blocks.3.mlp.fc1.weight"]);
    let cut = copy_of(&demo_model("deit"));
    let weights = cut.path().join("model.safetensors");
    let bytes = fs::read(&weights).expect("weights");
    fs::write(&weights, &bytes[..bytes.len() / 2]).expect("half of the weights");
    assert_failed(&add(cut.path()), 1, &["model.safetensors"]);
    assert!(
        ask(store.path(), "show models")
            .ok()
            .err
            .contains("no models yet")
    );
}

/// Writes a weights file again without one tensor.
fn remove_tensor(path: &Path, name: &str) {
    let bytes = fs::read(path).expect("weights");
    let all = safetensors::SafeTensors::deserialize(&bytes).expect("a weights file");
    let mut kept = all.tensors();
    let before = kept.len();
    kept.retain(|(other, _)| other != name);
    assert_eq!(kept.len() + 1, before, "{name} was there");
    let written = safetensors::serialize(kept, None).expect("tensors can be written");
    fs::write(path, written).expect("a writable file");
}

#[test]
fn folders_without_images_are_refused_with_what_they_hold() {
    let store = tempfile::tempdir().expect("a temporary folder");
    let add = |folder: &Path| {
        let query = format!("add images x from \"{}\"", folder.display());
        ask(store.path(), &query)
    };
    assert_failed(
        &add(Path::new("/nonexistent/photos")),
        3,
        &["/nonexistent/photos", "does not exist"],
    );
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_failed(&add(folder.path()), 3, &["no images in", "it is empty"]);
    fs::write(folder.path().join("notes.txt"), "no picture").expect("a file");
    assert_failed(&add(folder.path()), 3, &["it holds notes.txt", "png"]);
}

#[test]
fn a_text_called_png_is_skipped_by_name_and_counted() {
    let store = store_with_model("deit");
    let store = store.path();
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, shade) in [("one.png", 40), ("two.png", 200)] {
        image::RgbImage::from_pixel(32, 32, image::Rgb([shade, 90, 120]))
            .save(folder.path().join(name))
            .expect("an image");
    }
    fs::write(folder.path().join("broken.png"), "this is no picture").expect("a file");
    let photos = folder.path().display();
    let added = ask(store, &format!("add images photos from \"{photos}\"")).ok();
    assert_plain(&added.err);
    let decomposed = ask(store, "decompose photos with deit").ok();
    assert!(
        decomposed.err.contains("decomposed 2 images"),
        "{}",
        decomposed.err
    );
    assert!(
        decomposed.err.contains("1 image was skipped") && decomposed.err.contains("broken.png"),
        "{}",
        decomposed.err
    );
    assert_plain(&decomposed.err);
}

#[test]
fn a_store_that_cannot_be_written_or_read_says_so() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let ran = ask(file.path(), "show models");
    assert_failed(&ran, 3, &["a file is where a folder should be"]);
    // No user, not even root, may make folders in /proc.
    let ran = ask(Path::new("/proc/vitscope"), "define x as \"y\"");
    assert_failed(&ran, 1, &["can't create /proc/vitscope"]);
    let ran = on(
        &demo().store,
        &[
            "-c",
            "rank heads for texture in dinov2 | save \"/nonexistent/x.csv\"",
        ],
    );
    assert_eq!(ran.code, Some(1));
    assert!(flat(&ran.err).contains("can't write /nonexistent/x.csv: there is no such"));
    assert_plain(&ran.err);
}

#[test]
fn a_disk_that_is_full_is_named_and_what_was_there_is_kept() {
    let store = tempfile::tempdir().expect("a temporary folder");
    let scenes = demo_model("deit").join("../../scenes.parquet");
    let query = format!("add images scenes from \"{}\"", scenes.display());
    // A limit on the size of files stands for the full disk: every write beyond it fails.
    let limited = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_vitscope"))
        .arg("--store")
        .arg(store.path())
        .args(["-c", &query])
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("bash");
    assert_failed(
        &limited.into(),
        1,
        &["can't write", "images.parquet", "larger than is allowed"],
    );
    let shown = ask(store.path(), "show images").ok();
    assert!(!shown.out.contains("scenes"), "no half of a set");
    ask(store.path(), &query).ok();
}

#[test]
fn wrong_flags_exit_with_2_and_name_the_right_one() {
    let ran = on(&demo().store, &["--fromat", "json"]);
    assert_failed(&ran, 2, &["--format"]);
}

#[test]
fn json_errors_carry_the_place_for_programs() {
    let ran = on(
        &demo().store,
        &[
            "--format",
            "json",
            "-c",
            "show models;\nrank heads for texture in dinv2",
        ],
    );
    assert_eq!(ran.code, Some(1));
    let line = ran.err.lines().last().expect("an error");
    let parsed: serde_json::Value = serde_json::from_str(line).expect("one JSON object");
    let error = &parsed["error"];
    assert_eq!(error["code"], "resolve::unknown_name");
    assert_eq!(
        (error["line"].as_u64(), error["column"].as_u64()),
        (Some(2), Some(27))
    );
    assert_eq!(error["help"], "did you mean `dinov2`?");
}

#[test]
fn a_damaged_part_is_named_and_recomputed() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    copy_tree(&demo().store, directory.path());
    let store = directory.path();
    let part = store.join("decompositions/deit@scenes/part-00002.arrow");
    let mut bytes = fs::read(&part).expect("a part");
    let whole = bytes.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&part, &bytes).expect("a damaged part");
    let again = ask(store, "decompose scenes with deit").ok();
    assert!(again.err.contains("part-00002.arrow"), "{}", again.err);
    assert!(
        fs::read(&part).expect("a part") == whole,
        "it is what it was"
    );
}
