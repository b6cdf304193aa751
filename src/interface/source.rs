//! A text that holds queries.

use std::path::Path;

use crate::interface::failure::{Exit, Failure, in_words};

/// A text that holds queries, and its name in error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A file name, `-c`, `stdin` or `prompt`.
    pub name: String,
    /// The text.
    pub text: String,
}

impl Source {
    /// The text of a file.
    ///
    /// # Errors
    /// [`Exit::Usage`] when it can't be read, or is no text.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| {
            let why = in_words(&error);
            Failure::new(Exit::Usage, format!("can't read {name}: {why}"))
        })?;
        Self::of_bytes(name, bytes)
    }

    /// The text that some bytes are.
    ///
    /// # Errors
    /// [`Exit::Usage`] when they are not UTF-8.
    pub fn of_bytes(name: String, bytes: Vec<u8>) -> Result<Self, Failure> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, text }),
            Err(error) => Err(Failure::new(
                Exit::Usage,
                format!(
                    "the script “{name}” is not UTF-8 text: byte {} is not part of a character",
                    error.utf8_error().valid_up_to()
                ),
            )),
        }
    }
}
