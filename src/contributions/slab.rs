//! A column of a part: the rows of one component.

use std::borrow::Cow;

use half::f16;

use crate::kernels::{add_projections, widened};

/// The rows of one component, row-major, where they lie and as they are kept.
#[derive(Clone, Copy, Debug)]
pub enum Slab<'a> {
    /// In single precision.
    Single(&'a [f32]),
    /// In half precision.
    Half(&'a [f16]),
}

impl<'a> Slab<'a> {
    /// How many numbers they are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Single(rows) => rows.len(),
            Self::Half(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In single precision: halves are copied.
    #[must_use]
    pub fn single(self) -> Cow<'a, [f32]> {
        match self {
            Self::Single(rows) => Cow::Borrowed(rows),
            Self::Half(rows) => Cow::Owned(widened(rows)),
        }
    }

    /// A copy of the chosen rows of `width` numbers each, in single precision.
    #[must_use]
    pub fn take_rows(self, width: usize, rows: &[usize]) -> Vec<f32> {
        match self {
            Self::Single(values) => take_rows(values, width, rows),
            Self::Half(values) => widened(&take_rows(values, width, rows)),
        }
    }

    /// Adds to each image's sum the scalar product of its row with `along` `[d]`, in f64.
    ///
    /// # Panics
    /// When there is not a row for every sum.
    pub fn add_products(self, along: &[f64], sums: &mut [f64]) {
        match self {
            Self::Single(rows) => add_projections(rows, along, 1, sums),
            Self::Half(rows) => add_projections(rows, along, 1, sums),
        }
    }
}

/// The chosen rows of a row-major matrix with `width` columns.
pub(crate) fn take_rows<T: Copy>(matrix: &[T], width: usize, rows: &[usize]) -> Vec<T> {
    let mut taken = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        taken.extend_from_slice(&matrix[row * width..(row + 1) * width]);
    }
    taken
}
