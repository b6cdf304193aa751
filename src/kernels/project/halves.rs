//! Halves in single and in double precision, eight or sixteen at a time where the CPU can.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::__m512d;

use half::f16;
use half::slice::HalfFloatSliceExt;
#[cfg(target_arch = "x86_64")]
use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V4;

/// Halves in single precision.
pub(crate) fn widened(halves: &[f16]) -> Vec<f32> {
    let mut single = vec![0.0; halves.len()];
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = V4::try_new() {
        to_single(simd, halves, &mut single);
        return single;
    }
    halves.convert_to_f32_slice(&mut single);
    single
}

/// Halves in double precision, into as many places.
#[inline(always)]
pub(super) fn widen(halves: &[f16], wide: &mut [f64]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = V4::try_new() {
        return widen_eights(simd, halves, wide);
    }
    halves.convert_to_f64_slice(wide);
}

/// Eight of them in a register.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn eight(simd: V4, halves: &[f16; 8]) -> __m512d {
    let bits = bytemuck::cast(halves.map(f16::to_bits));
    let single = simd.avx512f._mm256_maskz_cvtph_ps(!0, bits);
    simd.avx512f._mm512_cvtps_pd(single)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn widen_eights(simd: V4, halves: &[f16], wide: &mut [f64]) {
    let ((wholes, rest), (wide, last)) = (halves.as_chunks::<8>(), wide.as_chunks_mut::<8>());
    for (halves, wide) in wholes.iter().zip(wide) {
        *wide = bytemuck::cast(eight(simd, halves));
    }
    for (half, wide) in rest.iter().zip(last) {
        *wide = f64::from(*half);
    }
}

#[cfg(target_arch = "x86_64")]
fn to_single(simd: V4, halves: &[f16], single: &mut [f32]) {
    struct ToSingle<'a>(V4, &'a [f16], &'a mut [f32]);
    impl NullaryFnOnce for ToSingle<'_> {
        type Output = ();

        #[inline(always)]
        fn call(self) {
            let Self(simd, halves, single) = self;
            let (wholes, rest) = halves.as_chunks::<16>();
            let (single, last) = single.as_chunks_mut::<16>();
            for (halves, single) in wholes.iter().zip(single) {
                let bits = bytemuck::cast(halves.map(f16::to_bits));
                *single = bytemuck::cast(simd.avx512f._mm512_cvtph_ps(bits));
            }
            for (half, single) in rest.iter().zip(last) {
                *single = f32::from(*half);
            }
        }
    }
    simd.vectorize(ToSingle(simd, halves, single));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_widened_exactly() {
        let halves: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).collect();
        let mut wide = vec![0.0; halves.len()];
        widen(&halves, &mut wide);
        for ((half, single), wide) in halves.iter().zip(widened(&halves)).zip(wide) {
            let value = f64::from(*half);
            assert!(
                value.is_nan() && single.is_nan() && wide.is_nan()
                    || f64::from(single) == value && wide == value
            );
        }
        assert_eq!(widened(&halves[1..8]).len(), 7);
    }
}
