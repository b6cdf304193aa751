//! The prompt at a pseudo terminal: keys go in, a screen comes out, and the terminal is left as it was found. The
//! terminal of these tests answers nothing that a program may ask of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::support::demo_model;
use crate::support::pty::{self, Pty, SILENT};
use crate::support::shell::{self, on};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What only an empty line at the prompt shows.
const READY: &str = "Ctrl-D to quit";

/// The binary without a pager and a history.
fn vitscope(arguments: &[&str]) -> CommandBuilder {
    let mut command = pty::vitscope(arguments);
    for (name, value) in [
        ("PATH", "/usr/bin:/bin"),
        ("PAGER", "cat"),
        ("VITSCOPE_HISTORY", "off"),
    ] {
        command.env(name, value);
    }
    command
}

/// The prompt on `store`.
fn prompt(store: &Path) -> Pty {
    prompt_with(store, &[], &[])
}

/// The prompt with more flags and variables.
fn prompt_with(store: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Pty {
    let mut command = vitscope(&["--store", store.to_str().expect("UTF-8")]);
    command.args(flags);
    for (name, value) in variables {
        command.env(name, value);
    }
    Pty::start(command, (80, 24), SILENT)
}

/// Waits for an empty line at the prompt: only there is the terminal raw, and keys such as Ctrl-D reach the editor.
#[track_caller]
fn wait_for_prompt(terminal: &mut Pty) {
    terminal.wait_for(READY);
}

/// Takes in what is written for a moment.
fn rest(terminal: &mut Pty) {
    std::thread::sleep(Duration::from_millis(400));
    terminal.screen();
}

fn raw(terminal: &Pty) -> String {
    String::from_utf8_lossy(&terminal.written).into_owned()
}

#[track_caller]
fn leave(mut terminal: Pty) {
    terminal.press("\x04");
    assert_eq!(terminal.end(), 0);
    let same = terminal.modes() == terminal.modes_before;
    assert!(same, "the terminal is as it was found");
}

#[test]
fn a_query_of_several_lines_is_typed_with_enter_and_alt_enter() {
    let store = folder();
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.press("define spots as\r");
    terminal.press("\"spotted\"\r");
    terminal.wait_for("spots means spotted");
    wait_for_prompt(&mut terminal);
    terminal.press("show features\x1b\r| where feature = \"spots\"\r");
    terminal.wait_for("yours");
    terminal.wait_for("1 row,");
    wait_for_prompt(&mut terminal);
    // An empty second line always submits, and what is missing is said.
    terminal.press("define dots as\r\r");
    terminal.wait_for("isn't finished");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn tab_completes_what_can_only_be_one_thing_and_lists_what_could_be_several() {
    let store = folder();
    fs::write(store.path().join("first-script.vq"), "show images").expect("a script");
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.press("show mod\t\r");
    terminal.wait_for("there are no models yet");
    wait_for_prompt(&mut terminal);
    terminal.press("show \t");
    terminal.wait_until("list", |screen| {
        screen.contents().contains("features") && screen.contents().contains("settings")
    });
    terminal.press("im\t\r");
    terminal.wait_for("there are no image sets yet");
    wait_for_prompt(&mut terminal);
    terminal.press(&format!("run \"{}/first\t\"\r", store.path().display()));
    terminal.wait_for("there are no image sets yet");
    wait_for_prompt(&mut terminal);
    terminal.press(".tim\t off\r");
    wait_for_prompt(&mut terminal);
    terminal.press("sql \"select count(*) as n from b\"\r");
    terminal.wait_for("no table");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn what_was_typed_is_found_again_by_its_beginning_and_by_search() {
    let state = folder();
    let history = state.path().join("history");
    let history = history.to_str().expect("UTF-8");
    let mut terminal = prompt_with(state.path(), &[], &[("VITSCOPE_HISTORY", history)]);
    wait_for_prompt(&mut terminal);
    for query in ["show models", "show models", "help rank", "show images"] {
        terminal.press(&format!("{query}\r"));
        wait_for_prompt(&mut terminal);
    }
    terminal.press("he\x1b[A\r");
    terminal.wait_for("rank UNITS");
    wait_for_prompt(&mut terminal);
    terminal.press("\x12mode\r");
    terminal.wait_for("there are no models yet");
    wait_for_prompt(&mut terminal);
    terminal.press(".history 3\r");
    terminal.wait_for("help rank\r\n");
    wait_for_prompt(&mut terminal);
    leave(terminal);
    let kept = fs::read_to_string(history).expect("a history");
    assert_eq!(
        kept.matches("show models\nshow models").count(),
        0,
        "no entry twice in a row: {kept}"
    );
    assert!(kept.contains("show images\n"), "{kept}");
    let again = prompt_with(state.path(), &[], &[("VITSCOPE_HISTORY", history)]);
    let mut again = again;
    wait_for_prompt(&mut again);
    again.press("show i\x1b[A\r");
    again.wait_for("there are no image sets yet");
    wait_for_prompt(&mut again);
    leave(again);
}

#[test]
fn pasted_text_is_neither_completed_nor_run_before_enter() {
    let store = folder();
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.wait_for_bytes(b"\x1b[?2004h");
    terminal.press("\x1b[200~show\tmodels;\nshow\timages;\n\x1b[201~");
    terminal.wait_until("pasted text", |screen| {
        screen.contents().contains("images;")
    });
    rest(&mut terminal);
    assert!(
        !terminal.screen().contents().contains("there are no"),
        "{}",
        terminal.text()
    );
    terminal.press("\r");
    terminal.wait_for("there are no models yet");
    terminal.wait_for("there are no image sets yet");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

/// A store with the demo's scenes and one of its models, not decomposed.
fn prepared() -> TempDir {
    let store = folder();
    let scenes = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/demo/scenes.parquet");
    let add = format!(
        "add images scenes from \"{}\"; add model dinov2 from \"{}\"",
        scenes.display(),
        demo_model("dinov2").display()
    );
    on(store.path(), &["-c", &add]).ok();
    store
}

#[test]
fn ctrl_c_stops_a_query_brings_the_prompt_back_and_leaves_the_cache_whole() {
    let store = prepared();
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.press("decompose scenes with dinov2 batch 1\r");
    terminal.wait_for("decomposing");
    terminal.press("\x03");
    terminal.wait_for("cancelled");
    terminal.wait_for("the same statement goes on from there");
    terminal.wait_for("!> ");
    wait_for_prompt(&mut terminal);
    terminal.press("explain decompose scenes with dinov2\r");
    terminal.wait_for("images are stored");
    wait_for_prompt(&mut terminal);
    leave(terminal);
    let on_with_it = "decompose scenes with dinov2; check dinov2 on scenes";
    let ran = on(store.path(), &["--format", "csv", "-c", on_with_it]).ok();
    assert!(!ran.err.contains("damaged"), "{}", ran.err);
}

#[test]
fn ctrl_c_on_the_prompt_clears_the_line_and_twice_says_how_to_leave() {
    let store = folder();
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.press("nonsense\x03");
    wait_for_prompt(&mut terminal);
    terminal.press("\x03");
    // Said in a line of its own, and by the empty line that follows.
    terminal.wait_for("Ctrl-D to quit\r\n");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let store = folder();
    let mut terminal = prompt_with(store.path(), &[], &[("TERM", "dumb")]);
    terminal.wait_for("> ");
    terminal.press("define spots\nas \"spotted\"\n");
    terminal.wait_for("spots means spotted");
    terminal.wait_for("> ");
    terminal.press(".nonsense\n");
    terminal.wait_for(".help");
    terminal.wait_for("> ");
    assert!(
        !raw(&terminal).contains('\x1b'),
        "no escape sequence: {:?}",
        raw(&terminal)
    );
    leave(terminal);
}

#[test]
fn a_tiny_window_is_enough() {
    let store = folder();
    let command = vitscope(&["--store", store.path().to_str().expect("UTF-8")]);
    let mut terminal = Pty::start(command, (80, 24), SILENT);
    wait_for_prompt(&mut terminal);
    // Made small while a query is being typed.
    terminal.press("show ima");
    terminal.resize(20, 5);
    terminal.press("ges\r");
    terminal.wait_for("there are no image sets");
    wait_for_prompt(&mut terminal);
    for (query, says) in [
        ("help rank", "rank UNITS"),
        ("show features", "feature"),
        ("show modles", "did you"),
        (".help", ".quit"),
        (".doctor", "version"),
    ] {
        terminal.press(&format!("{query}\r"));
        terminal.wait_for(says);
        wait_for_prompt(&mut terminal);
    }
    assert!(!raw(&terminal).contains("panicked"));
    leave(terminal);
}

#[test]
fn without_colours_a_terminal_gets_none() {
    let store = folder();
    for variables in [[("NO_COLOR", "1")], [("TERM", "xterm-mono")]] {
        let flags: &[&str] = if variables[0].0 == "TERM" {
            &["--color", "never"]
        } else {
            &[]
        };
        let mut terminal = prompt_with(store.path(), flags, &variables);
        wait_for_prompt(&mut terminal);
        terminal.press("show features | take 2\r");
        terminal.wait_for("2 rows");
        wait_for_prompt(&mut terminal);
        let written = raw(&terminal);
        let end = |rest: &str| rest.find(|c: char| c.is_ascii_alphabetic());
        let painted = written
            .split("\x1b[")
            .skip(1)
            .any(|rest| end(rest).is_some_and(|end| rest[end..].starts_with('m')));
        assert!(!painted, "{written:?}");
        leave(terminal);
    }
}

#[test]
fn a_line_is_edited_in_the_users_editor_and_run() {
    let store = folder();
    let editor = [("EDITOR", "sed -i s/models/images/")];
    let mut terminal = prompt_with(store.path(), &[], &editor);
    wait_for_prompt(&mut terminal);
    terminal.press("show models\x18\x05");
    terminal.wait_for("there are no image sets yet");
    wait_for_prompt(&mut terminal);
    terminal.press(".edit show models\r");
    terminal.wait_for("there are no image sets yet");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn answers_go_to_files_and_back_and_a_session_becomes_a_script() {
    let store = folder();
    let at = |name: &str| -> PathBuf { store.path().join(name) };
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    let lines = [
        format!(".once {}", at("one.csv").display()),
        "sql \"select 1 as a\"".to_owned(),
        format!(".output {}", at("all.ndjson").display()),
        "sql \"select 2 as a\"".to_owned(),
        "sql \"select 3 as a\"".to_owned(),
        ".output".to_owned(),
        "selct".to_owned(),
        "sql \"select 4444 + 1111 as a\"".to_owned(),
        format!(".save {}", at("session.vq").display()),
    ];
    for line in lines {
        terminal.press(&format!("{line}\r"));
        wait_for_prompt(&mut terminal);
    }
    let shown = terminal.text();
    assert!(
        shown.contains("5555") && shown.contains("wrote 4 statements"),
        "{shown}"
    );
    leave(terminal);
    let read = |name: &str| fs::read_to_string(at(name)).expect(name);
    assert_eq!(read("one.csv"), "a\n1\n");
    assert_eq!(read("all.ndjson"), "{\"a\":2}\n{\"a\":3}\n");
    let script = at("session.vq");
    let ran = on(
        store.path(),
        &["--format", "csv", script.to_str().expect("UTF-8")],
    )
    .ok();
    assert_eq!(ran.out, "a\n1\na\n2\na\n3\na\n5555\n");
}

#[test]
fn long_answers_go_through_the_pager_and_short_ones_do_not() {
    let store = folder();
    let seen = store.path().join("seen");
    let pager = format!("cat > '{}'", seen.display());
    let mut terminal = prompt_with(store.path(), &[], &[("PAGER", &pager)]);
    wait_for_prompt(&mut terminal);
    terminal.press("show features | take 1\r");
    terminal.wait_for("1 row,");
    wait_for_prompt(&mut terminal);
    assert!(!seen.exists(), "one row fits");
    terminal.press("help\r");
    wait_for_prompt(&mut terminal);
    let paged = fs::read_to_string(&seen).expect("what the pager got");
    assert!(paged.contains("help TOPIC") && !terminal.screen().contents().contains("help TOPIC"));
    terminal.press(".pager off\r");
    wait_for_prompt(&mut terminal);
    terminal.press("help\r");
    terminal.wait_for("help TOPIC");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

/// A configuration folder with these files.
fn configured(config: &str, init: &str) -> TempDir {
    let folder = folder();
    let own = folder.path().join("vitscope");
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join("config.toml"), config).expect("a file");
    fs::write(own.join("init.vq"), init).expect("a file");
    folder
}

#[test]
fn the_prompt_begins_as_configured() {
    let config = configured("edit-mode = \"vi\"\nbanner = \"short\"\n", "let n = 1\n");
    let xdg = [("XDG_CONFIG_HOME", config.path().to_str().expect("UTF-8"))];
    let mut terminal = prompt_with(config.path(), &[], &xdg);
    terminal.wait_for("vitscope");
    wait_for_prompt(&mut terminal);
    assert!(!terminal.screen().contents().contains("Ask with a sentence"));
    // vi's keys: to the beginning of the line, one letter away.
    terminal.press("xshow features | take $n");
    terminal.wait_until("text", |screen| screen.contents().contains("take $n"));
    terminal.press("\x1b");
    rest(&mut terminal);
    terminal.press("0x\r");
    terminal.wait_for("1 row,");
    wait_for_prompt(&mut terminal);
    leave(terminal);
    let mut terminal = prompt_with(config.path(), &["--no-init", "--no-config"], &xdg);
    terminal.wait_for("Ask with a sentence");
    wait_for_prompt(&mut terminal);
    terminal.press("show features | take $n\r");
    terminal.wait_for("unknown variable `n`");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn queries_of_the_command_line_may_be_followed_by_the_prompt() {
    let store = folder();
    let flags = ["-i", "-q", "-c", "sql \"select 7 as a\" into seven"];
    let mut terminal = prompt_with(store.path(), &flags, &[]);
    terminal.wait_for("7");
    wait_for_prompt(&mut terminal);
    assert!(
        !terminal.screen().contents().contains("vitscope 0"),
        "quiet: no banner"
    );
    terminal.press("sql \"select a + 1000 as b from seven\"\r");
    terminal.wait_for("1007");
    wait_for_prompt(&mut terminal);
    leave(terminal);
}

#[test]
fn the_timer_says_what_came_from_the_cache_and_can_be_stopped() {
    let store = folder();
    let mut terminal = prompt(store.path());
    wait_for_prompt(&mut terminal);
    terminal.press("show features | take 2\r");
    terminal.wait_for("(2 rows, ");
    terminal.wait_for("ms, from cache)");
    wait_for_prompt(&mut terminal);
    terminal.press("set timer off\r");
    wait_for_prompt(&mut terminal);
    let before = raw(&terminal).matches("from cache").count();
    terminal.press("show features | take 2\r");
    terminal.wait_for("animal");
    wait_for_prompt(&mut terminal);
    assert_eq!(raw(&terminal).matches("from cache").count(), before);
    leave(terminal);
}

#[test]
fn binary_formats_are_kept_from_terminals() {
    let store = folder();
    let mut command = vitscope(&["--format", "parquet", "-c", "show features"]);
    command.env("VITSCOPE_STORE", store.path());
    let mut terminal = Pty::start(command, (80, 24), SILENT);
    terminal.wait_for("no text for a terminal");
    assert_eq!(terminal.end(), 2);
    assert!(!terminal.wrote(b"PAR1"));
}

#[test]
fn every_way_out_leaves_the_terminal_as_it_was() {
    let store = folder();
    for keys in [
        "quit\r",
        ".quit\r",
        "\\q\r",
        "\x04",
        "x\x03\x04",
        "show modles\rexit\r",
    ] {
        let mut terminal = prompt(store.path());
        for key in keys.split_inclusive(['\r', '\x03']) {
            wait_for_prompt(&mut terminal);
            terminal.press(key);
        }
        assert_eq!(terminal.end(), 0, "{keys:?}");
        assert_eq!(terminal.modes(), terminal.modes_before, "{keys:?}");
        let left = raw(&terminal);
        let (on, off) = (left.rfind("\x1b[?2004h"), left.rfind("\x1b[?2004l"));
        assert!(on < off, "{keys:?}: bracketed paste is off again: {left:?}");
    }
}

#[test]
fn a_closed_stdin_is_an_empty_script() {
    let store = folder();
    let line = format!(
        "exec '{}' --store '{}' <&-",
        env!("CARGO_BIN_EXE_vitscope"),
        store.path().display()
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &line])
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .expect("a shell");
    let ran = shell::Ran::from(output).ok();
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", ""));
}

#[test]
fn what_is_copied_goes_to_the_terminal_that_may_be_far_away() {
    let store = folder();
    let store = store.path().to_str().expect("UTF-8");
    let mut terminal = Pty::start(vitscope(&["--store", store, "tui"]), (100, 30), SILENT);
    let shows = |terminal: &mut Pty, text: &str| {
        terminal.wait_until(text, |screen| screen.contents().contains(text));
    };
    shows(&mut terminal, "1 query");
    terminal.press("sql \"select 1200 + 34 as n\"\r");
    shows(&mut terminal, "1234");
    // F3 leads to the results.
    terminal.press("\x1bOR");
    terminal.press("y");
    // OSC 52 with “1234” in base 64.
    terminal.wait_for_bytes(b"\x1b]52;c;MTIzNA==");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    assert_eq!(terminal.modes(), terminal.modes_before);
}
