//! The one table of keys, and which values each may have.

use crate::kernels::device::{self, Choice};
use crate::output::settings::Look;

/// A key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in the file.
    pub name: &'static str,
    /// What it may be.
    pub values: &'static str,
    /// What holds when nothing is said.
    pub default: &'static str,
    /// The environment variable that overrides the file.
    pub variable: Option<&'static str>,
    /// What it does.
    pub about: &'static str,
}

/// Every key, in the order of listings.
pub const KEYS: [Key; 13] = [
    Key {
        name: "store",
        values: "a folder",
        default: "the user's data folder",
        variable: Some("VITSCOPE_STORE"),
        about: "where image sets, decompositions and alignments are kept",
    },
    Key {
        name: "device",
        values: device::NAMES,
        default: "cpu",
        variable: Some("VITSCOPE_DEVICE"),
        about: "where models run: on the CPU, or on a GPU that the program was built for",
    },
    Key {
        name: "format",
        values: "table, line, csv, tsv, json, ndjson, markdown",
        default: "table",
        variable: None,
        about: "how answers are written",
    },
    Key {
        name: "images",
        values: "auto, kitty, iterm, sixel, blocks, ascii, none",
        default: "auto",
        variable: Some("VITSCOPE_IMAGES"),
        about: "how pictures are shown",
    },
    Key {
        name: "color",
        values: "auto, always, never",
        default: "auto",
        variable: None,
        about: "when to use colours",
    },
    Key {
        name: "rows",
        values: "a number, or all",
        default: "40 on a terminal, all elsewhere",
        variable: None,
        about: "the most rows of a table that are shown",
    },
    Key {
        name: "width",
        values: "a number, or auto",
        default: "auto",
        variable: None,
        about: "the columns that tables keep to",
    },
    Key {
        name: "timer",
        values: "on, off",
        default: "on at the prompt, off elsewhere",
        variable: None,
        about: "whether rows, time and origin follow every answer",
    },
    Key {
        name: "progress",
        values: "on, off",
        default: "on",
        variable: None,
        about: "whether long work shows a progress bar",
    },
    Key {
        name: "pager",
        values: "on, off",
        default: "on at the prompt, off elsewhere",
        variable: None,
        about: "whether answers taller than the screen go through $PAGER",
    },
    Key {
        name: "edit-mode",
        values: "emacs, vi",
        default: "emacs",
        variable: None,
        about: "the keys of the prompt",
    },
    Key {
        name: "banner",
        values: "long, short, off",
        default: "long",
        variable: None,
        about: "what the prompt says at its start",
    },
    Key {
        name: "history",
        values: "a file, or off",
        default: "the user's state folder",
        variable: Some("VITSCOPE_HISTORY"),
        about: "where the prompt keeps what was typed",
    },
];

/// Whether a key is one of the settings of how answers look.
pub(super) fn is_look(key: &str) -> bool {
    Look::plain().list().iter().any(|(name, _)| *name == key)
}

/// Whether a key may have this value.
///
/// # Errors
/// One sentence with what it may be.
pub(super) fn check(key: &Key, value: &str) -> Result<(), String> {
    if is_look(key.name) {
        return Look::plain().set(key.name, value);
    }
    let words: Vec<&str> = key.values.split(", ").collect();
    let is_path = key.values.starts_with("a ");
    let fits = if is_path {
        !value.trim().is_empty()
    } else if key.name == "device" {
        value.parse::<Choice>().is_ok()
    } else {
        words.contains(&value)
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "{} cannot be “{value}”; it is one of: {}",
        key.name, key.values
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_answers_has_a_key() {
        for (name, value) in Look::plain().list() {
            let key = KEYS.iter().find(|key| key.name == name);
            let key = key.unwrap_or_else(|| panic!("no key {name}"));
            check(key, &value).unwrap();
        }
    }
}
