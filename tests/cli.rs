//! The command line as the shell sees it: exit codes, streams, and that nothing waits for a terminal.
//!
//! These run the real binary on what needs no store; the exit codes of queries are promised with the engine.

use std::fs;
use std::process::{Command, Output, Stdio};

/// Runs the binary with an environment of its own; stdin is empty.
fn vitscope(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vitscope"))
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built for this test")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("stdout is UTF-8")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("stderr is UTF-8")
}

#[test]
fn help_is_data_and_documents_every_exit_code() {
    let help = vitscope(&["--help"], &[]);
    assert_eq!(code(&help), Some(0));
    assert_eq!(stderr(&help), "");
    for line in ["  0 ", "  1 ", "  2 ", "  3 ", "  130 "] {
        assert!(stdout(&help).contains(&format!("\n{line}")), "{line}");
    }
    assert!(!stdout(&help).contains('\x1b'), "no colour into a pipe");
    let forced = vitscope(&["--help", "--color", "always"], &[]);
    assert!(stdout(&forced).contains('\x1b'));
}

#[test]
fn a_wrong_command_line_exits_with_2_and_says_why_on_stderr() {
    for (arguments, says) in [
        (&["--formt", "json"][..], "--format"),
        (&["--format", "xml"], "ndjson"),
        (&["-c"], "QUERY"),
        (&["no such script.vq"], "there is no such file"),
        (&["/"], "directory"),
        (&["doctor", "a.vq"], "a.vq"),
        (&["-c", "show models", "doctor"], "take no scripts"),
    ] {
        let output = vitscope(arguments, &[]);
        assert_eq!(code(&output), Some(2), "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"));
    }
}

#[test]
fn a_script_that_is_not_text_exits_with_2() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("binary.vq");
    fs::write(&path, b"rank \xff\xfe").expect("a file in it");
    let output = vitscope(&[path.to_str().expect("a UTF-8 path")], &[]);
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("not UTF-8 text: byte 5"));
}

#[test]
fn a_query_where_a_file_is_expected_is_answered_with_the_flag_for_it() {
    let output = vitscope(&["show models"], &[("LC_ALL", "C")]);
    assert_eq!(code(&output), Some(2));
    assert!(stderr(&output).contains("vitscope -c 'show models'"));
    let drawn = stderr(&output).replace(['“', '”'], "");
    assert!(
        drawn.is_ascii(),
        "no box characters under LC_ALL=C: {drawn}"
    );
}

#[test]
fn errors_are_json_where_answers_are() {
    let output = vitscope(&["nowhere.vq", "--format", "json"], &[]);
    let parsed: serde_json::Value = serde_json::from_str(stderr(&output)).expect("one object");
    assert_eq!(parsed["error"]["exit"], 2);
    assert_eq!(code(&output), Some(2));
}
