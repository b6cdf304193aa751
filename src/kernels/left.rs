//! The left side of a matrix product, and how blocks of its rows are brought into the order in which they are read.

use super::tile::{for_rows, rows_at_once};

/// A left matrix `[M, K]`, wherever its numbers are.
pub(super) trait Left: Sync {
    /// M.
    fn rows(&self) -> usize;
    /// K.
    fn depth(&self) -> usize;
    /// What follows at column `k` of a row, as far as it lies in one piece there; of all rows equally far.
    fn piece(&self, row: usize, k: usize) -> &[f32];
}

/// Rows one after the other.
pub(super) struct Plain<'a> {
    pub values: &'a [f32],
    pub depth: usize,
}

impl Left for Plain<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.depth
    }

    fn depth(&self) -> usize {
        self.depth
    }

    #[inline(always)]
    fn piece(&self, row: usize, k: usize) -> &[f32] {
        &self.values[row * self.depth + k..(row + 1) * self.depth]
    }
}

/// The first rows of each so many.
pub(super) struct First<'a> {
    pub values: &'a [f32],
    pub depth: usize,
    /// Rows of which the first are taken.
    pub each: usize,
    /// How many are.
    pub first: usize,
}

impl Left for First<'_> {
    fn rows(&self) -> usize {
        self.values.len() / self.depth / self.each * self.first
    }

    fn depth(&self) -> usize {
        self.depth
    }

    fn piece(&self, row: usize, k: usize) -> &[f32] {
        let row = row / self.first * self.each + row % self.first;
        &self.values[row * self.depth + k..(row + 1) * self.depth]
    }
}

/// Where the blocks begin that `rows` rows are cut into, and where the last one ends: as few as can be, of even sizes, so
/// that none is small and slow.
pub(super) fn blocks(rows: usize) -> Vec<usize> {
    let count = rows.div_ceil(rows_at_once());
    (0..=count)
        .map(|block| rows * block / count.max(1))
        .collect()
}

/// Writes `rows` rows of `left` from row `first` on, column after column: `[K, rows]`.
pub(super) fn pack(left: &dyn Left, first: usize, rows: usize, packed: &mut [f32]) {
    for_rows!(rows, R => pack_rows::<R>(left, first, packed));
}

fn pack_rows<const R: usize>(left: &dyn Left, first: usize, packed: &mut [f32]) {
    let mut k = 0;
    while k < left.depth() {
        let pieces: [&[f32]; R] = std::array::from_fn(|row| left.piece(first + row, k));
        let length = pieces[0].len();
        let pieces = pieces.map(|piece| &piece[..length]);
        let (columns, _) = packed[k * R..].as_chunks_mut::<R>();
        for (at, column) in columns[..length].iter_mut().enumerate() {
            for row in 0..R {
                column[row] = pieces[row][at];
            }
        }
        k += length;
    }
}
