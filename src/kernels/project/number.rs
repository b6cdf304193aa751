//! The numbers that stored rows consist of, in f64.

#[cfg(target_arch = "x86_64")]
use core::arch::x86_64::__m512d as Eight;

use half::f16;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V4;

use super::halves;

/// What a row can consist of.
pub(crate) trait Number: Copy + Send + Sync {
    /// The same numbers in f64, into as many places.
    fn widen(numbers: &[Self], wide: &mut [f64]);

    /// The same numbers in f64: themselves, or widened into as many places.
    #[inline(always)]
    fn wide<'a>(numbers: &'a [Self], places: &'a mut [f64]) -> &'a [f64] {
        Self::widen(numbers, places);
        places
    }

    /// Eight of them in a register.
    #[cfg(target_arch = "x86_64")]
    fn eight(simd: V4, numbers: &[Self; 8]) -> Eight;
}

impl Number for f64 {
    #[inline(always)]
    fn widen(numbers: &[Self], wide: &mut [f64]) {
        wide.copy_from_slice(numbers);
    }

    #[inline(always)]
    fn wide<'a>(numbers: &'a [Self], _: &'a mut [f64]) -> &'a [f64] {
        numbers
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn eight(_: V4, numbers: &[Self; 8]) -> Eight {
        bytemuck::cast(*numbers)
    }
}

impl Number for f32 {
    #[inline(always)]
    fn widen(numbers: &[Self], wide: &mut [f64]) {
        for (wide, number) in wide.iter_mut().zip(numbers) {
            *wide = f64::from(*number);
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn eight(simd: V4, numbers: &[Self; 8]) -> Eight {
        simd.avx512f._mm512_cvtps_pd(bytemuck::cast(*numbers))
    }
}

impl Number for f16 {
    #[inline(always)]
    fn widen(numbers: &[Self], wide: &mut [f64]) {
        halves::widen(numbers, wide);
    }

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn eight(simd: V4, numbers: &[Self; 8]) -> Eight {
        halves::eight(simd, numbers)
    }
}
