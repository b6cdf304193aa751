//! Where the prompt's history lives: private to the user, in the XDG state directory.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

use crate::files::paths;

/// The history file and why it is that one: the one that was named (`off` for none), or `vitscope/history` in the XDG
/// state directory (also on macOS, as users of command-line tools expect).
///
/// # Errors
/// When no home directory is known.
pub fn path(named: Option<&str>) -> io::Result<Option<(PathBuf, String)>> {
    match named {
        Some("off") => return Ok(None),
        Some(path) => return Ok(Some((paths::expand(path), "as configured".into()))),
        None => {}
    }
    let strategy = Xdg::new().map_err(io::Error::other)?;
    let directory = strategy
        .state_dir()
        .unwrap_or_else(|| strategy.data_dir())
        .join("vitscope");
    Ok(Some((
        directory.join("history"),
        "XDG state directory".into(),
    )))
}

/// Makes sure that `path` exists and that only its owner can read it: queries name private files.
///
/// # Errors
/// When it cannot be made.
pub fn prepare(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.is_file() {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_decides_and_off_is_none() {
        let of = |named| path(named).unwrap().map(|(path, _)| path);
        assert_eq!(of(Some("/x/y")), Some(PathBuf::from("/x/y")));
        assert_eq!(of(Some("off")), None);
        assert!(of(None).unwrap().ends_with("vitscope/history"));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_it_even_if_it_was_there_before() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/vitscope/history");
        prepare(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        prepare(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
