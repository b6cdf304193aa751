//! exp, erf and tanh on f32 without branches, so that loops over them vectorise.
//!
//! Each is accurate to a few units in the last place, which the tests hold against f64 references.

/// e^x for x ≤ 88; underflows to 0. Range reduction to |r| ≤ ln 2 / 2 and the degree-6 minimax polynomial of Cephes
/// `expf` (Moshier, netlib cephes/single/expf.c).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and taking away 1.5·2^23 rounds to the nearest integer and leaves it in the low mantissa bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.3, 88.3);
    let shifted = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN2_LOW, n.mul_add(-LN2_HIGH, x));
    let p = 1.987_569_1e-4_f32;
    let p = p.mul_add(r, 1.398_199_9e-3);
    let p = p.mul_add(r, 8.333_452e-3);
    let p = p.mul_add(r, 4.166_579_6e-2);
    let p = p.mul_add(r, 1.666_666_5e-1);
    let p = p.mul_add(r, 0.5);
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    (p * r).mul_add(r, r + 1.0) * power
}

/// erf(x): odd rational approximation on |x| ≤ 3.75, beyond which f32 erf is ±1 (coefficients of XLA's `ErfImpl32`,
/// xla/hlo/builder/lib/math.cc).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let x = x.clamp(-3.743_921, 3.743_921);
    let s = x * x;
    let p = 2.290_506_6e-4_f32;
    let p = p.mul_add(s, 3.408_291_1e-3);
    let p = p.mul_add(s, 5.095_569_5e-2);
    let p = p.mul_add(s, 1.852_083_2e-1);
    let p = p.mul_add(s, std::f32::consts::FRAC_2_SQRT_PI);
    let q = -1.179_160_3e-7_f32;
    let q = q.mul_add(s, 2.354_796_6e-5);
    let q = q.mul_add(s, 1.017_962_5e-3);
    let q = q.mul_add(s, 1.407_047e-2);
    let q = q.mul_add(s, 1.109_850_5e-1);
    let q = q.mul_add(s, 4.974_692_5e-1);
    let q = q.mul_add(s, 1.0);
    x * p / q
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// tanh(x) = 2·sigmoid(2x) − 1, exact enough where GELU uses it (absolute error below 1e-7).
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    2.0f32.mul_add(sigmoid(2.0 * x), -1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep() -> impl Iterator<Item = f32> {
        (-100_000..=100_000).map(|i| i as f32 * 1e-4)
    }

    #[test]
    fn exp_is_accurate_to_a_few_ulp() {
        for x in sweep().map(|x| x * 8.0) {
            let truth = f64::from(x).exp();
            assert!(
                (f64::from(exp(x)) - truth).abs() <= 3e-7 * truth,
                "exp({x})"
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn erf_agrees_with_double_precision() {
        for x in sweep() {
            let truth = candle_core::cpu::erf::erf_f64(f64::from(x));
            assert!(
                (f64::from(erf(x)) - truth).abs() <= 4e-7 * truth.abs().max(1e-3),
                "erf({x})"
            );
        }
    }

    #[test]
    fn tanh_and_sigmoid_agree_with_double_precision() {
        for x in sweep() {
            let (t, s) = (f64::from(x).tanh(), 1.0 / (1.0 + f64::from(-x).exp()));
            assert!((f64::from(tanh(x)) - t).abs() <= 3e-7, "tanh({x})");
            assert!((f64::from(sigmoid(x)) - s).abs() <= 3e-7, "sigmoid({x})");
        }
    }
}
