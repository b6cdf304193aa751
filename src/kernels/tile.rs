//! The innermost loop of every matrix product: a few rows of the left matrix against one panel of the right one, their
//! sums in registers all the way down.

use pulp::{Arch, NullaryFnOnce, Simd, WithSimd};

/// Columns of a panel: two AVX-512 registers.
pub(super) const WIDTH: usize = 2 * LINE;

/// Numbers in a line of cache.
const LINE: usize = 16;

/// The most rows that any machine takes at a time.
pub(super) const MOST_ROWS: usize = 14;

/// A row of a panel; aligned, so that loading a register never touches two lines of cache.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct PanelRow(pub [f32; WIDTH]);

impl PanelRow {
    /// Nothing but zeros.
    pub const ZEROS: Self = Self([0.0; WIDTH]);
}

/// Calls what is generic in the number of rows of a block with that number, a constant of the given name.
macro_rules! for_rows {
    ($rows:expr, $name:ident => $call:expr) => {
        for_rows!(@ $rows, $name, $call, 1 2 3 4 5 6 7 8 9 10 11 12 13 14)
    };
    (@ $rows:expr, $name:ident, $call:expr, $($number:literal)*) => {
        match $rows {
            $($number => {
                const $name: usize = $number;
                $call
            })*
            _ => unreachable!("blocks have 1 to {} rows", $crate::kernels::tile::MOST_ROWS),
        }
    };
}
pub(super) use for_rows;

/// How many rows of the left matrix to take at a time here: their sums, a row of the panel and one number of the left
/// matrix fill the registers (how such sizes follow from a machine: Low et al., 10.1145/2925987).
pub(super) fn rows_at_once() -> usize {
    struct Count;
    impl WithSimd for Count {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            match S::F32_LANES {
                16 => MOST_ROWS, // 2 registers each of 32
                8 => 6,          // 2 each of 16
                4 => 6,          // 4 each of 32
                _ => 2,
            }
        }
    }
    Arch::new().dispatch(Count)
}

/// Adds left · right to `sums`, one row for each of up to [`rows_at_once`] rows of the left matrix.
///
/// `left` holds the left matrix column after column, `[K, rows]`; `right` is a panel, `[K]` rows. Of columns past the
/// first `columns` nothing is promised.
#[inline(always)]
pub(super) fn add_product<S: Simd>(
    simd: S,
    left: &[f32],
    right: &[PanelRow],
    sums: &mut [PanelRow],
    columns: usize,
) {
    for_rows!(sums.len(), R => by_lanes::<S, R>(simd, left, right, sums, columns));
}

/// Both lines of the panel at once, or one after the other where registers are narrower.
#[inline(always)]
fn by_lanes<S: Simd, const R: usize>(
    simd: S,
    left: &[f32],
    right: &[PanelRow],
    sums: &mut [PanelRow],
    columns: usize,
) {
    match S::F32_LANES {
        16 if columns > LINE => strip::<S, R, 2>(simd, left, right, sums, 0),
        16 => strip::<S, R, 1>(simd, left, right, sums, 0),
        8 => lines::<S, R, 2>(simd, left, right, sums, columns),
        4 => lines::<S, R, 4>(simd, left, right, sums, columns),
        _ => lines::<S, R, 16>(simd, left, right, sums, columns),
    }
}

#[inline(always)]
fn lines<S: Simd, const R: usize, const V: usize>(
    simd: S,
    left: &[f32],
    right: &[PanelRow],
    sums: &mut [PanelRow],
    columns: usize,
) {
    for line in 0..columns.div_ceil(LINE) {
        strip::<S, R, V>(simd, left, right, sums, line * V);
    }
}

#[inline(always)]
fn strip<S: Simd, const R: usize, const V: usize>(
    simd: S,
    left: &[f32],
    right: &[PanelRow],
    sums: &mut [PanelRow],
    first: usize,
) {
    let sums = sums.try_into().expect("as many rows as were counted");
    simd.vectorize(Strip::<S, R, V> {
        simd,
        left,
        right,
        sums,
        first,
    });
}

/// `R` rows of sums, `V` registers of each from register `first` of a panel's row on.
struct Strip<'a, S, const R: usize, const V: usize> {
    simd: S,
    left: &'a [f32],
    right: &'a [PanelRow],
    sums: &'a mut [PanelRow; R],
    first: usize,
}

impl<S: Simd, const R: usize, const V: usize> NullaryFnOnce for Strip<'_, S, R, V> {
    type Output = ();

    // Every loop but the one over K has a constant length and is unrolled, so that `sums` are registers.
    #[inline(always)]
    fn call(self) {
        let (simd, first) = (self.simd, self.first);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for (sums, row) in sums.iter_mut().zip(&*self.sums) {
            sums.copy_from_slice(&S::as_simd_f32s(&row.0).0[first..first + V]);
        }
        for (left, right) in self.left.chunks_exact(R).zip(self.right) {
            let right = &S::as_simd_f32s(&right.0).0[first..first + V];
            for i in 0..R {
                let number = simd.splat_f32s(left[i]);
                for v in 0..V {
                    sums[i][v] = simd.mul_add_e_f32s(number, right[v], sums[i][v]);
                }
            }
        }
        for (sums, row) in sums.iter().zip(self.sums) {
            S::as_mut_simd_f32s(&mut row.0).0[first..first + V].copy_from_slice(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::numbers;
    use super::*;

    /// `sums + left · right` the plain way, for every number of rows and some numbers of columns.
    fn agrees<S: Simd>(simd: S) {
        const K: usize = 37;
        let right: Vec<PanelRow> = numbers(K * WIDTH)
            .chunks_exact(WIDTH)
            .map(|row| PanelRow(row.try_into().unwrap()))
            .collect();
        for rows in 1..=MOST_ROWS {
            let left = numbers(K * rows);
            for columns in [1, LINE, LINE + 1, WIDTH] {
                let mut sums = vec![PanelRow([0.5; WIDTH]); rows];
                add_product(simd, &left, &right, &mut sums, columns);
                for (row, sums) in sums.iter().enumerate() {
                    for (column, sum) in sums.0[..columns].iter().enumerate() {
                        let term = |k: usize| {
                            f64::from(left[k * rows + row]) * f64::from(right[k].0[column])
                        };
                        let truth = 0.5 + (0..K).map(term).sum::<f64>();
                        assert!((f64::from(*sum) - truth).abs() < 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn products_are_the_same_on_every_machine() {
        agrees(pulp::Scalar);
        agrees(pulp::Scalar128b);
        agrees(pulp::Scalar256b);
        agrees(pulp::Scalar512b);
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::x86::V3::try_new() {
            agrees(simd);
        }
        struct Own;
        impl WithSimd for Own {
            type Output = ();

            fn with_simd<S: Simd>(self, simd: S) {
                agrees(simd);
            }
        }
        Arch::new().dispatch(Own);
    }
}
