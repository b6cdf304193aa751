//! Where the user's configuration lies.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use etcetera::base_strategy::Xdg;

/// The folder of the user's configuration: `vitscope` in the XDG configuration directory, on every system.
///
/// # Errors
/// When no home directory is known.
pub fn folder() -> std::io::Result<PathBuf> {
    let strategy = Xdg::new().map_err(std::io::Error::other)?;
    Ok(strategy.config_dir().join("vitscope"))
}

/// The configuration file that holds when none is named, if there is one.
#[must_use]
pub fn default_file() -> Option<PathBuf> {
    existing("config.toml")
}

/// The script that the prompt runs at its start, if there is one.
#[must_use]
pub fn init_script() -> Option<PathBuf> {
    existing("init.vq")
}

fn existing(name: &str) -> Option<PathBuf> {
    let path = folder().ok()?.join(name);
    path.is_file().then_some(path)
}
