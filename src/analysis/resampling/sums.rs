//! Weighted sums of what a unit contributes, over the images of every draw.

use crate::linalg::{add_scaled, dot};

/// Weighted sums of projections minus those of the first image, which keeps them small; `[axes]` each.
#[derive(Clone, Default)]
pub(super) struct Sums {
    pub first: Vec<f64>,
    pub sum: Vec<f64>,
    pub square: Vec<f64>,
    pub with_total: Vec<f64>,
    /// Per draw: sum `[K]` and squared length of the whole contribution, minus the first image's.
    pub whole_first: Vec<f64>,
    pub whole_sum: Vec<Vec<f64>>,
    pub whole_square: Vec<f64>,
}

impl Sums {
    /// Adds whole contributions `[n, K]`, by the weights of the images in each draw.
    pub(super) fn add_whole(&mut self, mut own: Vec<f64>, weights: &[Vec<f64>]) {
        let k = self.whole_sum.first().map_or(0, Vec::len);
        if self.whole_first.is_empty() {
            self.whole_first = own[..k].to_vec();
        }
        for (image, row) in own.chunks_exact_mut(k).enumerate() {
            add_scaled(row, -1.0, &self.whole_first);
            let square = dot(row, row);
            for (draw, weights) in weights.iter().enumerate() {
                add_scaled(&mut self.whole_sum[draw], weights[image], row);
                self.whole_square[draw] += weights[image] * square;
            }
        }
    }

    /// `n` times the variance of the whole contribution over the images of a draw, which weigh `n` together.
    pub(super) fn whole_variance(&self, draw: usize, n: f64) -> f64 {
        self.whole_sum.get(draw).map_or(0.0, |sum| {
            self.whole_square[draw] - dot(sum, sum) / n.max(1.0)
        })
    }
}
