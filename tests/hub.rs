//! A hub's name finds the checkpoint in the Hugging Face cache, or says what to do.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use vitscope::vision::error::CheckpointError;
use vitscope::vision::hub::locate;

const ID: &str = "facebook/dinov2-base";

/// What `given` is found to be in an environment of these variables.
fn found(given: &str, variables: &[(&str, &Path)]) -> Result<PathBuf, CheckpointError> {
    let variables: HashMap<&str, OsString> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_os_str().to_owned()))
        .collect();
    locate(given, &|name| variables.get(name).cloned())
}

/// A cache at `root` that holds the model at `commits`, `main` being one of them.
fn cached(root: &Path, commits: &[&str], main: Option<&str>) {
    let model = root.join("models--facebook--dinov2-base");
    for commit in commits {
        std::fs::create_dir_all(model.join("snapshots").join(commit)).expect("a folder");
    }
    if let Some(main) = main {
        std::fs::create_dir_all(model.join("refs")).expect("a folder");
        std::fs::write(model.join("refs/main"), main).expect("a file");
    }
}

fn ends_with(found: Result<PathBuf, CheckpointError>, end: &str) {
    let found = found.expect("a cached model");
    assert!(found.ends_with(end), "{}", found.display());
}

#[test]
fn the_main_revision_is_taken_else_the_only_one() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let root = root.path();
    cached(root, &["aaa"], None);
    ends_with(found(ID, &[("HF_HUB_CACHE", root)]), "snapshots/aaa");
    cached(root, &["bbb"], None);
    found(ID, &[("HF_HUB_CACHE", root)]).expect_err("two revisions and no main one");
    cached(root, &[], Some("bbb\n"));
    ends_with(found(ID, &[("HF_HUB_CACHE", root)]), "snapshots/bbb");
    cached(root, &[], Some("../../elsewhere"));
    found(ID, &[("HF_HUB_CACHE", root)]).expect_err("a commit that is a path");
}

#[test]
fn variables_are_asked_in_the_hubs_order() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let places = [
        "first",
        "second",
        "third/hub",
        "fourth/huggingface/hub",
        "fifth/.cache/huggingface/hub",
    ];
    for (place, commit) in places.iter().zip(["1", "2", "3", "4", "5"]) {
        cached(&root.path().join(place), &[commit], None);
    }
    let at = |name: &str| root.path().join(name);
    let (first, second, third, fourth, fifth) = (
        at("first"),
        at("second"),
        at("third"),
        at("fourth"),
        at("fifth"),
    );
    let variables: [(&str, &Path); 5] = [
        ("HF_HUB_CACHE", &first),
        ("HUGGINGFACE_HUB_CACHE", &second),
        ("HF_HOME", &third),
        ("XDG_CACHE_HOME", &fourth),
        ("HOME", &fifth),
    ];
    for (skipped, commit) in ["1", "2", "3", "4", "5"].iter().enumerate() {
        ends_with(
            found(ID, &variables[skipped..]),
            &format!("snapshots/{commit}"),
        );
    }
    // an empty variable is none, and a tilde is the home
    let empty = Path::new("");
    ends_with(
        found(ID, &[("HF_HUB_CACHE", empty), ("HF_HOME", &third)]),
        "snapshots/3",
    );
    ends_with(
        found(
            ID,
            &[
                ("HF_HUB_CACHE", Path::new("~/first")),
                ("HOME", root.path()),
            ],
        ),
        "snapshots/1",
    );
}

#[test]
fn folders_go_first_and_other_paths_are_no_names() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let given = root.path().to_str().expect("a readable path");
    assert_eq!(found(given, &[]).expect("a folder"), root.path());
    for path in [
        "nowhere", "../a/b", "a/b/c", "./model", "/a", "a b/c", "a/..", "models/", "a--b/c",
    ] {
        let error = found(path, &[("HOME", root.path())])
            .expect_err("no folder")
            .to_string();
        assert!(
            error.contains("is not a folder; give the folder"),
            "{path}: {error}"
        );
    }
}

#[test]
fn a_model_that_is_not_here_says_where_it_was_looked_for_and_how_to_get_it() {
    let root = tempfile::tempdir().expect("a temporary folder");
    let error = found(ID, &[("HF_HOME", root.path())])
        .expect_err("an empty cache")
        .to_string();
    let cache = root.path().join("hub/models--facebook--dinov2-base");
    for part in [
        "facebook/dinov2-base is neither a folder nor in the Hugging Face cache (looked at facebook/dinov2-base, ",
        cache.to_str().expect("a readable path"),
        "run `hf download facebook/dinov2-base`",
        "model.safetensors or pytorch_model.bin into ./facebook/dinov2-base",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(!error.contains("OFFLINE"));
    let offline = [("HF_HOME", root.path()), ("HF_HUB_OFFLINE", Path::new("1"))];
    let error = found(ID, &offline).expect_err("an empty cache").to_string();
    assert!(error.contains("HF_HUB_OFFLINE is set"), "{error}");
    let online = [("HF_HOME", root.path()), ("HF_HUB_OFFLINE", Path::new("0"))];
    assert!(
        !found(ID, &online)
            .expect_err("an empty cache")
            .to_string()
            .contains("OFFLINE")
    );
}

#[cfg(unix)]
#[test]
fn a_snapshot_of_links_is_a_checkpoint() {
    use vitscope::vision::checkpoint::Checkpoint;

    let root = tempfile::tempdir().expect("a temporary folder");
    cached(root.path(), &["abc"], Some("abc"));
    let model = root.path().join("models--facebook--dinov2-base");
    std::fs::create_dir_all(model.join("blobs")).expect("a folder");
    let source = crate::support::fixtures().join("clip");
    for (blob, name) in [
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    ]
    .iter()
    .enumerate()
    {
        std::fs::copy(source.join(name), model.join(format!("blobs/{blob}"))).expect("a copy");
        let link = model.join("snapshots/abc").join(name);
        std::os::unix::fs::symlink(format!("../../blobs/{blob}"), link).expect("a link");
    }
    let folder = found(ID, &[("HF_HUB_CACHE", root.path())]).expect("a cached model");
    let checkpoint = Checkpoint::open(&folder).expect("a readable checkpoint");
    checkpoint.model().expect("a model");
}
