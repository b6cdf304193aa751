//! Long answers through the user's pager, as git and psql do it.

use std::env;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use crate::work::interrupt;

/// What shells answer when there is no such program.
const NOT_FOUND: i32 = 127;

/// Shows a text with `$PAGER`, or with `less` (colours as they are, the screen left as it was, no paging of what fits).
/// False when there is no such program: nothing was shown then.
///
/// # Errors
/// When the pager can't be written to, other than by its user leaving it.
pub fn show(text: &str) -> io::Result<bool> {
    interrupt::while_terminal_is_lent(|| {
        run(
            text,
            env::var("PAGER")
                .ok()
                .filter(|named| !named.trim().is_empty()),
        )
    })
}

fn run(text: &str, named: Option<String>) -> io::Result<bool> {
    let mut command = match &named {
        Some(line) if cfg!(unix) => {
            let mut shell = Command::new("sh");
            shell.args(["-c", line]);
            shell
        }
        Some(program) => Command::new(program),
        None => Command::new("less"),
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", "RFX");
    }
    let Ok(mut child) = command.stdin(Stdio::piped()).spawn() else {
        return Ok(false);
    };
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(text.as_bytes()) {
            // Left before the end: enough was read.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    Ok(child.wait()?.code() != Some(NOT_FOUND))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_pager_gets_the_text_and_a_missing_one_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let line = format!("cat > '{}'", seen.display());
        assert!(run("long\nanswer\n", Some(line)).unwrap());
        assert_eq!(std::fs::read_to_string(seen).unwrap(), "long\nanswer\n");
        assert!(!run("x", Some("exit 127".to_owned())).unwrap());
        assert!(run(&"x\n".repeat(100_000), Some("true".to_owned())).unwrap());
    }
}
