//! The configuration: what holds, where it comes from, and that mistakes are refused before anything runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::shell::{Ran, vitscope};

/// The binary with `folder` as the user's configuration and data.
fn with(folder: &Path) -> Command {
    let mut command = vitscope();
    command
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder.join("data"));
    command
}

fn ran(command: &mut Command) -> Ran {
    command
        .output()
        .expect("the binary was built for this test")
        .into()
}

fn configured(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("vitscope")).expect("a folder");
    fs::write(folder.path().join("vitscope/config.toml"), text).expect("a file");
    folder
}

/// Key, value and origin as `config show` tells them.
fn shown(command: &mut Command) -> Vec<[String; 3]> {
    let ran = ran(command.args(["config", "show", "--format", "json"])).ok();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ran.out).expect("an array");
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().expect("a text").to_owned();
    let row = |row| ["key", "value", "from"].map(|key| text(row, key));
    rows.iter().map(row).collect()
}

#[test]
fn file_environment_and_flags_override_each_other_in_this_order_and_say_so() {
    let folder = configured("rows = 3\nimages = \"ascii\"\ncolor = \"never\"\n");
    let file = folder.path().join("vitscope/config.toml");
    let mut command = with(folder.path());
    command
        .env("VITSCOPE_IMAGES", "blocks")
        .args(["--color", "always"]);
    let rows = shown(&mut command);
    let of = |key: &str| {
        let row = rows.iter().find(|row| row[0] == key).expect("a key");
        (row[1].as_str(), row[2].clone())
    };
    assert_eq!(of("rows"), ("3", format!("{}:1", file.display())));
    assert_eq!(of("images"), ("blocks", "VITSCOPE_IMAGES".to_owned()));
    assert_eq!(of("color"), ("always", "--color".to_owned()));
    assert_eq!(of("format"), ("json", "--format".to_owned()));
    assert_eq!(of("banner").1, "default");
}

#[test]
fn what_is_configured_holds_and_can_be_left_out_or_replaced() {
    let folder = configured("format = \"csv\"\nstore = \"here\"\n");
    let query = ["-c", "show models"];
    assert_eq!(
        ran(with(folder.path()).args(query)).ok().out,
        "model,family,image,layers,heads,decomposed on,aligned to\n"
    );
    let plain = ran(with(folder.path()).args(query).arg("--no-config"))
        .ok()
        .out;
    assert!(plain.contains('┌'), "{plain}");
    let other = folder.path().join("other.toml");
    fs::write(&other, "format = \"markdown\"").expect("a file");
    let named = ran(with(folder.path()).args(query).arg("--config").arg(&other))
        .ok()
        .out;
    assert!(named.starts_with("| model |"), "{named}");
    let variable = ran(with(folder.path())
        .args(query)
        .env("VITSCOPE_CONFIG", &other))
    .ok()
    .out;
    assert_eq!(variable, named);
    let define = ["-c", "define x as \"y\""];
    ran(with(folder.path()).args(define)).ok();
    assert!(
        folder.path().join("vitscope/here/features.toml").is_file(),
        "a relative folder is beside the file that names it"
    );
}

#[test]
fn a_wrong_file_is_refused_with_its_line_before_anything_runs() {
    for (text, place, says) in [
        (
            "rows = 5\nfromat = \"csv\"",
            ":2:1",
            "did you mean `format`?",
        ),
        ("rows = \"many\"", ":1:8", "rows cannot be “many”"),
        ("= 3", ":1:1", "no TOML"),
    ] {
        let folder = configured(text);
        for arguments in [&["-c", "show models"][..], &["config", "validate"]] {
            let ran = ran(with(folder.path()).args(arguments));
            assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
            assert!(
                ran.err.contains(&format!("config.toml{place}")),
                "{}",
                ran.err
            );
            assert!(ran.err.contains(says), "{}", ran.err);
        }
        // What the error recommends works all the same, and so does what shells run when they start.
        for arguments in [&["config", "sample"][..], &["completions", "bash"]] {
            ran(with(folder.path()).args(arguments)).ok();
        }
    }
    let folder = configured("rows = 5");
    let right = ran(with(folder.path()).args(["config", "validate"])).ok();
    assert!(right.err.contains("config.toml is right"));
    let missing = ran(with(folder.path()).args(["--config", "nowhere.toml", "-c", "show models"]));
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("nowhere.toml"), "{}", missing.err);
}

#[test]
fn the_sample_is_itself_a_right_configuration() {
    let sample = ran(with(Path::new("/nonexistent")).args(["config", "sample"]))
        .ok()
        .out;
    let folder = configured(&sample);
    ran(with(folder.path()).args(["config", "validate"])).ok();
    let rows = shown(with(folder.path()).arg("--no-config"));
    for [key, ..] in rows {
        assert!(sample.contains(&format!("\n#{key} = ")), "{key}");
    }
}

#[test]
#[cfg(not(any(feature = "cuda", feature = "metal")))]
fn a_device_that_the_program_was_not_built_for_is_refused_with_the_way_to_get_it() {
    let folder = configured("device = \"cuda:1\"\n");
    let query = ["-c", "show models"];
    let refused = ran(with(folder.path()).args(query));
    assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""));
    for part in ["config.toml:1: ", "built without CUDA", "--features cuda"] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    ran(with(folder.path()).args(query).args(["--device", "cpu"])).ok();
    let variable = ran(with(folder.path())
        .env("VITSCOPE_DEVICE", "gpu")
        .args(query));
    assert_eq!(variable.code, Some(2));
    let says = "VITSCOPE_DEVICE: there is no device “gpu”; it is one of: cpu, cuda, cuda:N, metal";
    assert!(variable.err.contains(says), "{}", variable.err);
    let doctor = ran(with(folder.path()).args(["doctor", "--format", "json"])).ok();
    for part in ["built without CUDA", "built for cpu; found cpu"] {
        assert!(doctor.out.contains(part), "{}", doctor.out);
    }
}
