//! A query in the user's own editor.

use std::env;
use std::fs;
use std::io;
use std::process::Command;

use crate::work::interrupt;

/// Opens `text` in `$VISUAL`, `$EDITOR` or vi and gives back what was saved.
///
/// # Errors
/// One sentence: there is no such editor, or it ended with a failure.
pub fn edit(text: &str) -> Result<String, String> {
    let said = |name| env::var(name).ok().filter(|line| !line.trim().is_empty());
    let line = said("VISUAL").or_else(|| said("EDITOR"));
    interrupt::while_terminal_is_lent(|| edit_with(line.as_deref().unwrap_or("vi"), text))
}

/// As [`edit`], with this command line.
fn edit_with(line: &str, text: &str) -> Result<String, String> {
    let path = env::temp_dir().join(format!("vitscope-{}.vq", std::process::id()));
    let failed = |error: io::Error| format!("the query can't be edited: {error}");
    // Queries name private files: nobody else reads this one.
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let _ = fs::remove_file(&path); // left by a process of the same number
    let mut file = options.open(&path).map_err(failed)?;
    io::Write::write_all(&mut file, format!("{}\n", text.trim_end()).as_bytes()).map_err(failed)?;
    drop(file);
    let status = if cfg!(unix) {
        // `$EDITOR` may hold flags: `code --wait`.
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{line} \"$1\""), "vitscope"])
            .arg(&path);
        shell.status()
    } else {
        Command::new(line).arg(&path).status()
    };
    let edited = fs::read_to_string(&path);
    let _ = fs::remove_file(&path);
    match status {
        Ok(status) if status.success() => edited.map_err(failed),
        Ok(_) => Err(format!(
            "the editor `{line}` failed; $VISUAL or $EDITOR names another"
        )),
        Err(error) => Err(format!("the editor `{line}` can't be started: {error}")),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back_and_a_failing_editor_is_named() {
        let edited = edit_with("sed -i s/models/images/", "show models").unwrap();
        assert_eq!(edited, "show images\n");
        let why = edit_with("false", "x").unwrap_err();
        assert!(why.contains("`false`") && why.contains("$EDITOR"), "{why}");
    }
}
