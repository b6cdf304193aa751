//! Products of bf16, two inputs at a time: AVX-512 BF16 multiplies pairs and adds both products to a sum in f32 where f32
//! multiplies one number, so that a sum has half the steps.
//!
//! The instruction takes subnormal numbers for zero and rounds in an order of its own (Intel's Architecture Instruction Set
//! Extensions, VDPBF16PS): results agree with [`super::operands::Floats`] up to the order of sums. pulp has no name for it,
//! and it is reached by `std::arch`.
#![allow(unsafe_code)]

use half::bf16;
use pulp::{Arch, NullaryFnOnce, Simd};

use super::left::Left;
use super::operands::Operands;
use super::tile::{PanelRow, WIDTH, for_rows};

/// Two neighbouring inputs, as bits of bf16.
pub(super) type Pair = [u16; 2];

/// The weights of a pair of inputs in a panel; aligned as [`PanelRow`] is.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct PairRow([Pair; WIDTH]);

/// Pairs of bf16 on both sides. There is one only where the CPU multiplies them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs(());

impl Pairs {
    /// Where the CPU has AVX-512 BF16.
    pub fn here() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512bf16") {
            return Some(Self(()));
        }
        None
    }
}

impl Operands for Pairs {
    type Left = Pair;
    type Right = PairRow;
    const INPUTS: usize = 2;
    const ZEROS: PairRow = PairRow([[0; 2]; WIDTH]);

    fn put(row: &mut PairRow, column: usize, place: usize, weight: f32) {
        row.0[column][place] = bf16::from_f32(weight).to_bits();
    }

    fn get(row: &PairRow, column: usize, place: usize) -> f32 {
        bf16::from_bits(row.0[column][place]).to_f32()
    }

    fn pack(self, left: &dyn Left, first: usize, rows: usize, packed: &mut [Pair]) {
        for_rows!(rows, R => Arch::new().dispatch(Pack::<R> { left, first, packed }));
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn add_product<S: Simd>(
        self,
        _: S,
        left: &[Pair],
        right: &[PairRow],
        sums: &mut [PanelRow],
        columns: usize,
    ) {
        // SAFETY: `strip` asks for a CPU with AVX-512F and AVX-512 BF16, and for nothing else. `self` exists, and only
        // `here` makes one, after it has found both.
        for_rows!(sums.len(), R => unsafe {
            match columns > x86::LINE {
                true => x86::strip::<R, 2>(left, right, sums),
                false => x86::strip::<R, 1>(left, right, sums),
            }
        });
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn add_product<S: Simd>(self, _: S, _: &[Pair], _: &[PairRow], _: &mut [PanelRow], _: usize) {
        unreachable!("`Pairs::here` finds none on this machine")
    }
}

/// Inputs that are rounded before they are put in order: of all rows of a block they lie in the first-level cache.
const WINDOW: usize = 128;

/// Rounds `R` rows of `left` from row `first` on and writes them step after step.
struct Pack<'a, const R: usize> {
    left: &'a dyn Left,
    first: usize,
    /// `[steps, R]`.
    packed: &'a mut [Pair],
}

impl<const R: usize> NullaryFnOnce for Pack<'_, R> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let depth = self.left.depth();
        let mut rounded = [[[0u16; 2]; WINDOW / 2]; R];
        let windows = self.packed.chunks_mut(WINDOW / 2 * R);
        for (start, packed) in (0..depth).step_by(WINDOW).zip(windows) {
            let end = depth.min(start + WINDOW);
            for (row, rounded) in rounded.iter_mut().enumerate() {
                let rounded = rounded.as_flattened_mut();
                let mut k = start;
                while k < end {
                    let piece = self.left.piece(self.first + row, k);
                    let piece = &piece[..piece.len().min(end - k)];
                    let place = &mut rounded[k - start..][..piece.len()];
                    for (rounded, number) in place.iter_mut().zip(piece) {
                        *rounded = bf16::from_f32(*number).to_bits();
                    }
                    k += piece.len();
                }
                if let Some(after) = rounded.get_mut(end - start) {
                    *after = 0;
                }
            }
            let (steps, _) = packed.as_chunks_mut::<R>();
            for (step, packed) in steps.iter_mut().enumerate() {
                for row in 0..R {
                    packed[row] = rounded[row][step];
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps,
    };

    use super::{Pair, PairRow, PanelRow};

    /// Columns in a register.
    pub const LINE: usize = 16;

    /// Adds left · right to the first `V` registers of each of `R` rows of sums, which stay in registers all the way down.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub fn strip<const R: usize, const V: usize>(
        left: &[Pair],
        right: &[PairRow],
        sums: &mut [PanelRow],
    ) {
        let mut totals = [[_mm512_setzero_ps(); V]; R];
        for (totals, row) in totals.iter_mut().zip(&*sums) {
            for (total, line) in totals.iter_mut().zip(row.0.as_chunks::<LINE>().0) {
                *total = bytemuck::cast::<[f32; LINE], __m512>(*line);
            }
        }
        for (left, right) in left.chunks_exact(R).zip(right) {
            let lines = right.0.as_chunks::<LINE>().0;
            for i in 0..R {
                let pair = _mm512_set1_epi32(bytemuck::cast::<Pair, i32>(left[i]));
                for v in 0..V {
                    let line = bytemuck::cast::<[Pair; LINE], __m512bh>(lines[v]);
                    totals[i][v] = _mm512_dpbf16_ps(totals[i][v], bytemuck::cast(pair), line);
                }
            }
        }
        for (totals, row) in totals.iter().zip(sums) {
            for (total, line) in totals.iter().zip(row.0.as_chunks_mut::<LINE>().0) {
                *line = bytemuck::cast::<__m512, [f32; LINE]>(*total);
            }
        }
    }
}
