//! The real binary as a shell runs it, and one demo store for every promise that asks questions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// What a run left behind.
pub struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The data.
    pub out: String,
    /// The narration.
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }
}

impl Ran {
    /// The same run, which has to have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// The lines of stdout without the header.
    pub fn rows(&self) -> Vec<&str> {
        self.out.lines().skip(1).collect()
    }
}

/// The binary, with nothing of this process's environment and an empty stdin.
pub fn vitscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vitscope"));
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    command
}

/// Runs the binary on `store`.
pub fn on(store: &Path, arguments: &[&str]) -> Ran {
    let output = vitscope()
        .arg("--store")
        .arg(store)
        .args(arguments)
        .output()
        .expect("the binary was built for this test");
    output.into()
}

/// Runs one query on `store`.
pub fn ask(store: &Path, query: &str) -> Ran {
    on(store, &["-c", query])
}

/// The demo as its first run leaves it.
pub struct Demo {
    /// What stands for the user's data folder.
    pub data: PathBuf,
    /// The store.
    pub store: PathBuf,
    /// The first run.
    pub first: Ran,
}

/// The demo, prepared once for the whole test run. Promises that change a store copy it. For repeated runs of a few tests,
/// `VITSCOPE_TEST_DEMO` names a data folder with a demo in it that is prepared already.
pub fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(|| {
        if let Some(data) = std::env::var_os("VITSCOPE_TEST_DEMO").map(PathBuf::from) {
            let first = tour(&data, &[]);
            let store = data.join("vitscope/demo/store");
            return Demo { data, store, first };
        }
        // Below the build folder, where it can stay: a static is never dropped.
        let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-data");
        if data.exists() {
            fs::remove_dir_all(&data).expect("an earlier run's demo goes");
        }
        fs::create_dir_all(&data).expect("a folder for the demo");
        let first = tour(&data, &[]);
        let store = data.join("vitscope/demo/store");
        Demo { data, store, first }
    })
}

/// Runs `vitscope demo` with `data` as the user's data folder.
pub fn tour(data: &Path, flags: &[&str]) -> Ran {
    let output = vitscope()
        .env("XDG_DATA_HOME", data)
        .arg("demo")
        .args(flags)
        .output()
        .expect("the binary was built for this test");
    output.into()
}

/// A copy of a folder with everything in it.
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a readable entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind of file").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// A copy of the demo's store, to change.
pub fn own_store() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_tree(&demo().store, copy.path());
    copy
}
