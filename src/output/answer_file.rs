//! `.once FILE` and `.output FILE`: answers of the prompt on their way into a file, in the format of its extension.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use super::format::{self, Format};
use crate::interface::failure::in_words;

/// A file that answers go to in place of the terminal.
#[derive(Debug)]
pub struct AnswerFile {
    path: PathBuf,
    file: BufWriter<File>,
    format: Format,
    once: bool,
    tables: usize,
}

impl AnswerFile {
    /// Makes the file, in place of one that was there. `once`: for the next answer only.
    ///
    /// # Errors
    /// One sentence: an extension that names no format, or what the disk says.
    pub fn create(path: &Path, once: bool) -> Result<Self, String> {
        let format = Format::of_file(path).map_err(|extensions| {
            format!("can't tell how to write {}: {extensions}", path.display())
        })?;
        let file = File::create(path)
            .map_err(|error| format!("can't write {}: {}", path.display(), in_words(&error)))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            format,
            once,
            tables: 0,
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it takes one answer only.
    #[must_use]
    pub fn is_once(&self) -> bool {
        self.once
    }

    /// Writes a table behind those before it.
    ///
    /// # Errors
    /// When the disk is full, or the format holds one table only and has it.
    pub fn write(&mut self, table: &DataFrame) -> io::Result<()> {
        if self.tables > 0 && self.format.is_binary() {
            return Err(io::Error::other(format!(
                "{} holds its one table; `.output` comes back to the terminal",
                self.path.display()
            )));
        }
        format::write(table, self.format, &mut self.file)?;
        self.tables += 1;
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::{NamedFrom, Series};

    #[test]
    fn text_files_take_answer_after_answer_and_binary_ones_a_single_one() {
        let folder = tempfile::tempdir().unwrap();
        let numbers = Series::new("n".into(), [1i64, 2]);
        let table = DataFrame::new_infer_height(vec![numbers.into()]).unwrap();
        let path = folder.path().join("a.csv");
        let mut text = AnswerFile::create(&path, false).unwrap();
        text.write(&table).unwrap();
        text.write(&table).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "n\n1\n2\nn\n1\n2\n"
        );
        let mut binary = AnswerFile::create(&folder.path().join("a.parquet"), false).unwrap();
        binary.write(&table).unwrap();
        assert!(
            binary
                .write(&table)
                .unwrap_err()
                .to_string()
                .contains("one table")
        );
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named_with_the_reason() {
        let why = AnswerFile::create(Path::new("/no such folder/x.csv"), true).unwrap_err();
        assert!(why.contains("no such file or folder"), "{why}");
        assert!(
            AnswerFile::create(Path::new("x"), true)
                .unwrap_err()
                .contains("parquet")
        );
    }
}
