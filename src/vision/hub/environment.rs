//! What the environment says about the hub, in huggingface_hub's variables.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the environment says: the value of a variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The path in the variable called `name`, where it is set; a tilde is the home.
pub(super) fn path_in(environment: Environment<'_>, name: &str) -> Option<PathBuf> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let path = PathBuf::from(set(name)?);
    match path.strip_prefix("~") {
        Ok(rest) => Some(PathBuf::from(set("HOME").or_else(|| set("USERPROFILE"))?).join(rest)),
        Err(_) => Some(path),
    }
}

/// The folder that Hugging Face's tools keep everything in.
pub(super) fn home(environment: Environment<'_>) -> Option<PathBuf> {
    let path = |name| path_in(environment, name);
    let base = || {
        let user = || path("HOME").or_else(|| path("USERPROFILE"));
        path("XDG_CACHE_HOME").or_else(|| Some(user()?.join(".cache")))
    };
    path("HF_HOME").or_else(|| Some(base()?.join("huggingface")))
}

/// Whether `HF_HUB_OFFLINE` asks that nothing be fetched.
pub(super) fn is_offline(environment: Environment<'_>) -> bool {
    environment("HF_HUB_OFFLINE").is_some_and(|value| is_set(&value))
}

/// Whether a switch is on, in huggingface_hub's words.
fn is_set(value: &OsString) -> bool {
    let value = value.to_string_lossy().to_ascii_uppercase();
    ["1", "ON", "YES", "TRUE"].contains(&value.as_str())
}
