//! Projections on one direction, with AVX-512's instructions by name: a row's numbers fill registers.

use std::array;

use pulp::NullaryFnOnce;
use pulp::x86::V4;

use super::number::Number;

/// Rows side by side: the sums of one wait for each other. With more of them the processor no longer sees that memory is read
/// from one end to the other, and fetches less ahead: beyond the caches four take half as long again.
const AT_ONCE: usize = 2;

pub(super) fn add_dots<T: Number>(simd: V4, rows: &[T], along: &[f64], sums: &mut [f64]) {
    simd.vectorize(Dots {
        simd,
        rows,
        along,
        sums,
    });
}

struct Dots<'a, T> {
    simd: V4,
    rows: &'a [T],
    along: &'a [f64],
    sums: &'a mut [f64],
}

impl<T: Number> NullaryFnOnce for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, along, .. } = self;
        let (blocks, last) = self.sums.as_chunks_mut::<AT_ONCE>();
        let (rows, rest) = self.rows.split_at(blocks.len() * AT_ONCE * along.len());
        for (rows, sums) in rows.chunks_exact(AT_ONCE * along.len()).zip(blocks) {
            few(simd, rows, along, sums);
        }
        for (row, sum) in rest.chunks_exact(along.len()).zip(last) {
            few(simd, row, along, array::from_mut(sum));
        }
    }
}

#[inline(always)]
fn few<T: Number, const R: usize>(simd: V4, rows: &[T], along: &[f64], sums: &mut [f64; R]) {
    let (wholes, rest) = along.as_chunks::<8>();
    let rows: [&[T]; R] = array::from_fn(|r| &rows[r * along.len()..][..along.len()]);
    let mut lanes = [simd.avx512f._mm512_setzero_pd(); R];
    for (k, along) in wholes.iter().enumerate() {
        let along = bytemuck::cast(*along);
        for r in 0..R {
            let numbers = T::eight(simd, &rows[r].as_chunks().0[k]);
            lanes[r] = simd.avx512f._mm512_fmadd_pd(numbers, along, lanes[r]);
        }
    }
    for r in 0..R {
        sums[r] += simd.avx512f._mm512_reduce_add_pd(lanes[r]);
        let mut wide = [0.0; 8];
        let wide = &mut wide[..rest.len()];
        T::widen(&rows[r][along.len() - rest.len()..], wide);
        sums[r] += wide.iter().zip(rest).map(|(v, u)| v * u).sum::<f64>();
    }
}
