//! Replicates: the texts that a score is taken with over again, and how often each image takes part.

use crate::align::Random;
use crate::analysis::text_basis::TextBasis;

/// One way to score over again.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicate {
    /// The feature's basis, from all texts or some of them.
    pub basis: TextBasis,
    /// Which draw of the images; `None` takes every image once.
    pub draw: Option<u64>,
}

/// How often image `id` takes part in a draw: Poisson with mean 1.
#[must_use]
pub fn times_drawn(draw: u64, id: u32) -> u32 {
    let mixed = Random::new(draw).next_u64() ^ u64::from(id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let uniform = Random::new(mixed).uniform();
    let (mut times, mut chance, mut below) = (0, (-1.0f64).exp(), (-1.0f64).exp());
    while uniform >= below && times < 16 {
        times += 1;
        chance /= f64::from(times);
        below += chance;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_drawn_once_on_average_and_independently() {
        let n = 40_000u32;
        let drawn: Vec<f64> = (0..n).map(|id| f64::from(times_drawn(7, id))).collect();
        let other: Vec<f64> = (0..n).map(|id| f64::from(times_drawn(8, id))).collect();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / f64::from(n);
        let square: Vec<f64> = drawn.iter().map(|v| (v - 1.0).powi(2)).collect();
        let both: Vec<f64> = drawn
            .iter()
            .zip(&other)
            .map(|(a, b)| (a - 1.0) * (b - 1.0))
            .collect();
        assert!((mean(&drawn) - 1.0).abs() < 0.02);
        assert!((mean(&square) - 1.0).abs() < 0.03);
        assert!(mean(&both).abs() < 0.02);
        let next: f64 = drawn.windows(2).map(|w| (w[0] - 1.0) * (w[1] - 1.0)).sum();
        assert!((next / f64::from(n)).abs() < 0.02);
    }
}
