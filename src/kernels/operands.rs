//! The forms in which a product has its two sides. The loops around the innermost one are the same for all.

use half::bf16;
use pulp::Simd;

use super::left::{self, Left};
use super::tile::{self, PanelRow};

/// How numbers are held, and the innermost loop over them.
pub(super) trait Operands: Copy + Send + Sync {
    /// What a row of the left side has for one step down a sum; as large as an f32.
    type Left: bytemuck::Pod + Send + Sync;
    /// What a panel has for it.
    type Right: Clone + Send + Sync;
    /// Inputs in a step. Where the last step has fewer, zeros fill it up.
    const INPUTS: usize;
    /// What a panel has before weights are put in.
    const ZEROS: Self::Right;

    /// Puts the weight of a column for input `place` of a step into a panel's row.
    fn put(row: &mut Self::Right, column: usize, place: usize, weight: f32);

    /// The weight that products see there.
    fn get(row: &Self::Right, column: usize, place: usize) -> f32;

    /// Writes `rows` rows of `left` from row `first` on, step after step: `[steps, rows]`.
    fn pack(self, left: &dyn Left, first: usize, rows: usize, packed: &mut [Self::Left]);

    /// Adds left · right to `sums`, as [`tile::add_product`] does.
    fn add_product<S: Simd>(
        self,
        simd: S,
        left: &[Self::Left],
        right: &[Self::Right],
        sums: &mut [PanelRow],
        columns: usize,
    );
}

/// f32 on both sides, or numbers rounded to bf16 and held in f32: what [`super::pairs::Pairs`] multiplies, for any machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floats<const ROUNDED: bool>;

impl<const ROUNDED: bool> Floats<ROUNDED> {
    /// What products see of a number.
    fn seen(number: f32) -> f32 {
        match ROUNDED {
            true => bf16::from_f32(number).to_f32(),
            false => number,
        }
    }
}

impl<const ROUNDED: bool> Operands for Floats<ROUNDED> {
    type Left = f32;
    type Right = PanelRow;
    const INPUTS: usize = 1;
    const ZEROS: PanelRow = PanelRow::ZEROS;

    fn put(row: &mut PanelRow, column: usize, _: usize, weight: f32) {
        row.0[column] = Self::seen(weight);
    }

    fn get(row: &PanelRow, column: usize, _: usize) -> f32 {
        row.0[column]
    }

    fn pack(self, left: &dyn Left, first: usize, rows: usize, packed: &mut [f32]) {
        left::pack(left, first, rows, packed);
        if ROUNDED {
            packed
                .iter_mut()
                .for_each(|number| *number = Self::seen(*number));
        }
    }

    #[inline(always)]
    fn add_product<S: Simd>(
        self,
        simd: S,
        left: &[f32],
        right: &[PanelRow],
        sums: &mut [PanelRow],
        columns: usize,
    ) {
        tile::add_product(simd, left, right, sums, columns);
    }
}
