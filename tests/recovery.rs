//! Whatever interrupts it, a decomposition goes on where it stopped and ends up the same; an alignment is whole or not there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::support::demo_model;
use crate::support::shell::{ask, own_store, vitscope};

const DECOMPOSE: &str = "decompose scenes with deit";

/// A store with the demo's 2,400 scenes, five parts, and one model.
fn prepared() -> tempfile::TempDir {
    let store = tempfile::tempdir().expect("a temporary folder");
    let model = demo_model("deit");
    let scenes = model.join("../../scenes.parquet");
    ask(
        store.path(),
        &format!("add images scenes from \"{}\"", scenes.display()),
    )
    .ok();
    ask(
        store.path(),
        &format!("add model deit from \"{}\"", model.display()),
    )
    .ok();
    store
}

fn entry(store: &Path) -> PathBuf {
    store.join("decompositions/deit@scenes")
}

/// How many parts the manifest lists; none if there is no manifest.
fn parts(store: &Path) -> usize {
    let Ok(text) = fs::read_to_string(entry(store).join("manifest.json")) else {
        return 0;
    };
    let manifest: serde_json::Value =
        serde_json::from_str(&text).expect("the manifest is whole at every moment");
    manifest["parts"].as_array().map_or(0, Vec::len)
}

/// Every file of a decomposition with its bytes, locks left out.
fn files(entry: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for file in fs::read_dir(entry).expect("a decomposition") {
        let file = file.expect("a readable entry");
        let name = file.file_name().to_string_lossy().into_owned();
        if name != ".lock" {
            files.insert(name, fs::read(file.path()).expect("a readable file"));
        }
    }
    files
}

fn assert_same_files(left: &Path, right: &Path) {
    let (left, right) = (files(left), files(right));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right));
    for (name, bytes) in &left {
        assert!(*bytes == right[name], "{name} differs");
    }
}

fn start(store: &Path, query: &str) -> Child {
    vitscope()
        .arg("--store")
        .arg(store)
        .args(["-c", query])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test")
}

/// Waits until `reached`, then a little more; false if the run ended before.
fn wait_for(run: &mut Child, after: Duration, reached: impl Fn() -> bool) -> bool {
    while !reached() {
        if run.try_wait().expect("a child of ours").is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(after);
    true
}

fn interrupt(run: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &run.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status: ExitStatus| status.success()));
}

#[test]
fn killed_at_any_moment_a_decomposition_ends_up_the_same() {
    let undisturbed = prepared();
    ask(undisturbed.path(), DECOMPOSE).ok();
    let killed = prepared();
    let store = killed.path();
    // Parts that are done, and milliseconds after that: as the process starts, while constants are written, within the
    // first part, between parts, within later ones.
    let moments = [
        (0, 0),
        (0, 20),
        (0, 60),
        (0, 150),
        (1, 0),
        (1, 35),
        (2, 5),
        (2, 110),
        (3, 1),
        (4, 0),
    ];
    let mut kills = 0;
    let mut kept = 0;
    for (done, millis) in moments {
        let mut run = start(store, DECOMPOSE);
        let alive = wait_for(&mut run, Duration::from_millis(millis), || {
            parts(store) >= done
        });
        run.kill().expect("a child of ours");
        let ended = run.wait().expect("a child of ours");
        kills += usize::from(alive && ended.code().is_none());
        assert!(parts(store) >= kept, "whole parts stay");
        kept = parts(store);
    }
    assert!(kills >= 8, "only {kills} runs were killed");
    assert!(kept >= 3, "runs went on from one another: {kept} parts");
    let unfinished = ask(store, "describe head 5.2 in deit");
    assert!(!unfinished.err.contains("panicked"), "{}", unfinished.err);
    let last = ask(store, DECOMPOSE).ok();
    assert!(
        last.err.contains("images that are stored already") || kept == 5,
        "{}",
        last.err
    );
    assert_same_files(&entry(undisturbed.path()), &entry(store));
    let again = ask(store, DECOMPOSE).ok();
    assert!(again.err.contains("already: 2400 images"), "{}", again.err);
}

#[test]
fn ctrl_c_keeps_whole_parts_and_the_next_run_goes_on() {
    let directory = prepared();
    let store = directory.path();
    let mut run = start(store, DECOMPOSE);
    assert!(wait_for(&mut run, Duration::ZERO, || parts(store) >= 1));
    interrupt(&run);
    let output = run.wait_with_output().expect("a child of ours");
    let narration = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{narration}");
    assert!(output.stdout.is_empty());
    assert!(
        narration.contains("cancelled") && narration.contains("goes on"),
        "{narration}"
    );
    let kept = parts(store);
    assert!((1..5).contains(&kept), "{kept} parts");
    let next = ask(store, DECOMPOSE).ok();
    let says = format!("going on after the {} images", kept * 512);
    assert!(next.err.contains(&says), "{}", next.err);
    assert_eq!(parts(store), 5);
}

#[test]
fn a_cancelled_alignment_leaves_no_half_of_one() {
    let directory = own_store();
    let store = directory.path();
    let alignment = |name: &str| entry(store).join(name);
    let before = files(&entry(store));
    // Once with an alignment that is there already, which has to stay as it is; then without one.
    for there in [true, false] {
        if !there {
            for name in ["align-clip.safetensors", "align-clip.json"] {
                fs::remove_file(alignment(name)).expect("the demo is aligned");
            }
        }
        let run = start(store, "align deit to clip on scenes lambda 3");
        thread::sleep(Duration::from_millis(400));
        interrupt(&run);
        let output = run.wait_with_output().expect("a child of ours");
        let narration = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{narration}");
        assert!(output.stdout.is_empty(), "no report of a fit");
        let after = files(&entry(store));
        if there {
            assert!(before == after, "nothing was touched");
        } else {
            assert!(!after.keys().any(|name| name.contains("align")));
            let asked = ask(store, "rank heads for texture in deit");
            assert_eq!(asked.code, Some(1));
            assert!(asked.err.contains("align deit to clip on scenes"));
        }
    }
}
