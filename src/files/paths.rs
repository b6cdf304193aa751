//! Paths as people type them: `~` for the home folder, and completion.

use std::fs;
use std::path::{Path, PathBuf};

/// More names than this are no help.
const MOST: usize = 200;

/// The path with a leading `~/` replaced by the home folder.
#[must_use]
pub fn expand(path: &str) -> PathBuf {
    let home = || etcetera::home_dir().ok();
    match path.strip_prefix("~/") {
        Some(rest) => home().map_or_else(|| path.into(), |home| home.join(rest)),
        None => path.into(),
    }
}

/// The files and folders whose path begins with what was typed, folders with a `/` at the end, sorted. Hidden ones only
/// once their dot is typed.
#[must_use]
pub fn complete(typed: &str) -> Vec<String> {
    let (folder, begun) = typed
        .rfind('/')
        .map_or(("", typed), |at| typed.split_at(at + 1));
    let place = match folder {
        "" => PathBuf::from("."),
        folder => expand(folder),
    };
    let Ok(entries) = fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let fits =
                name.starts_with(begun) && (begun.starts_with('.') || !name.starts_with('.'));
            if !fits {
                return None;
            }
            let end = if entry.path().is_dir() { "/" } else { "" };
            Some(format!("{folder}{name}{end}"))
        })
        .collect();
    found.sort();
    found.truncate(MOST);
    found
}

/// A path named in a script: relative to the script, as its author saw it.
#[must_use]
pub fn beside(script: &str, path: &str) -> PathBuf {
    let folder = Path::new(script).parent().unwrap_or(Path::new(""));
    folder.join(expand(path))
}

/// Whether the path ends in one of these extensions, in either case.
pub(crate) fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    (path.extension().and_then(|extension| extension.to_str())).is_some_and(|extension| {
        wanted
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_end_in_a_slash_and_hidden_files_wait_for_their_dot() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("photos")).unwrap();
        for name in ["photos.csv", "probe.png", ".hidden"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let root = format!("{}/", folder.path().display());
        let names = |typed: &str| {
            let found = complete(&format!("{root}{typed}"));
            let bare = found.iter().map(|path| path[root.len()..].to_owned());
            bare.collect::<Vec<_>>()
        };
        assert_eq!(names("p"), ["photos.csv", "photos/", "probe.png"]);
        assert_eq!(names(""), ["photos.csv", "photos/", "probe.png"]);
        assert_eq!(names("."), [".hidden"]);
        assert!(complete("/no such folder/x").is_empty());
    }

    #[test]
    fn a_script_names_files_beside_itself() {
        assert_eq!(beside("lib/a.vq", "b.vq"), Path::new("lib/b.vq"));
        assert_eq!(beside("-c", "b.vq"), Path::new("b.vq"));
        assert_eq!(beside("lib/a.vq", "/x/b.vq"), Path::new("/x/b.vq"));
    }
}
