//! Files mapped into memory, read-only. Mapping one is `unsafe`, and nothing else here is.
//!
//! A query reads the slabs it names straight from the page cache, without copying a part of tens of megabytes first.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// A whole file, mapped read-only; dereferences to its bytes.
#[derive(Debug)]
pub struct MappedFile(Option<memmap2::Mmap>);

impl MappedFile {
    /// Maps the file at `path`. The bytes start at a page boundary.
    ///
    /// # Errors
    /// What the system says when the file can't be opened or mapped.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(Self(None)); // an empty file can't be mapped on every system
        }
        // SAFETY: the bytes must not change while they are borrowed. Only files of the store and checkpoints' weights
        // are mapped. The store never writes into a file that has its final name: it writes a temporary file and renames
        // it, or unlinks the old one, and both leave the mapped inode untouched; weights are only read, and copied into
        // tensors while a model is loaded. Another program that truncates or rewrites such a file in place breaks that
        // contract, as it would break any mapping reader. The mapping is read-only and owns its
        // pages, so it needs no open file and can be shared between threads.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Self(Some(map)))
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_the_bytes_of_a_file_and_of_an_empty_one() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("bytes");
        std::fs::write(&path, b"0123456789").expect("writable");
        let mapped = MappedFile::open(&path).expect("mapped");
        assert_eq!(&mapped[3..5], b"34");
        std::fs::remove_file(&path).expect("removable");
        assert_eq!(mapped.len(), 10, "an unlinked file stays readable");
        std::fs::write(&path, b"").expect("writable");
        assert!(MappedFile::open(&path).expect("mapped").is_empty());
        assert!(MappedFile::open(&dir.path().join("none")).is_err());
    }
}
