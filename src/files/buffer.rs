//! [`Buffer`]: numbers in memory of their own, or where they lie in a mapped file.
//!
//! Maps, alignments and moments of a large model are hundreds of megabytes. A question reads them once; a copy would take
//! longer than the question, and memory that the system could not take back.

use std::fmt;
use std::ops::{Deref, DerefMut, Range};
use std::sync::Arc;

use bytemuck::Pod;
use serde::{Deserialize, Serialize};

use crate::files::mapped::MappedFile;

/// A run of numbers that dereferences to a slice of them. Clones share them until one is changed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<T>", into = "Vec<T>")]
pub struct Buffer<T: Pod>(Place<T>);

#[derive(Clone)]
enum Place<T> {
    Own(Arc<Vec<T>>),
    /// Aligned and of whole numbers, which was seen to when this was made.
    Mapped(Arc<MappedFile>, Range<usize>),
}

impl<T: Pod> Buffer<T> {
    /// The numbers that the bytes `range` of a file are; copied where they do not lie as numbers of this type have to.
    pub(crate) fn mapped(file: &Arc<MappedFile>, range: Range<usize>) -> Self {
        Self(
            match bytemuck::try_cast_slice::<u8, T>(&file[range.clone()]) {
                Ok(_) => Place::Mapped(file.clone(), range),
                Err(_) => Place::Own(Arc::new(bytemuck::pod_collect_to_vec(&file[range]))),
            },
        )
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Place::Own(values) => values,
            Place::Mapped(file, range) => bytemuck::cast_slice(&file[range.clone()]),
        }
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        if let Place::Mapped(..) = self.0 {
            self.0 = Place::Own(Arc::new(self.to_vec()));
        }
        match &mut self.0 {
            Place::Own(values) => Arc::<Vec<T>>::make_mut(values),
            Place::Mapped(..) => unreachable!("just made its own"),
        }
    }
}

impl<T: Pod> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self(Place::Own(Arc::new(values)))
    }
}

impl<T: Pod> From<Buffer<T>> for Vec<T> {
    fn from(held: Buffer<T>) -> Self {
        match held.0 {
            Place::Own(values) => Arc::unwrap_or_clone(values),
            Place::Mapped(..) => held.to_vec(),
        }
    }
}

impl<T: Pod> Default for Buffer<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Pod + PartialEq> PartialEq for Buffer<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Pod + PartialEq> PartialEq<Vec<T>> for Buffer<T> {
    fn eq(&self, other: &Vec<T>) -> bool {
        **self == **other
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_file_s_until_they_are_changed() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("numbers");
        let bytes: Vec<u8> = [1.0f64, -2.5]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        std::fs::write(&path, [&[0; 8][..], &bytes, &bytes[..4]].concat()).expect("writable");
        let file = Arc::new(MappedFile::open(&path).expect("mapped"));
        let held = Buffer::<f64>::mapped(&file, 8..24);
        assert_eq!(held, vec![1.0, -2.5]);
        assert_eq!(held.as_ptr().cast(), file[8..].as_ptr(), "no copy");
        let mut changed = held.clone();
        changed[0] = 7.0;
        assert_eq!(
            (&changed[..], &held[..]),
            (&[7.0, -2.5][..], &[1.0, -2.5][..])
        );
        // Four bytes further on they are not aligned.
        assert_eq!(Buffer::<f64>::mapped(&file, 4..12).len(), 1);
        assert_eq!(Vec::from(Buffer::<f32>::mapped(&file, 24..28)).len(), 1);
    }
}
