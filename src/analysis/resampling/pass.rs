//! One pass over the images for all replicates.

use rayon::prelude::*;

use super::replicate::{Replicate, times_drawn};
use super::sums::Sums;
use crate::align::Aligned;
use crate::analysis::group::Group;
use crate::analysis::projection::Projector;
use crate::analysis::scan::sum_of;
use crate::analysis::score::{AxisMoments, total_size};
use crate::analysis::score_kind::ScoreKind;
use crate::decompose::Rows;
use crate::linalg::{
    add_scaled, dot, gram_schmidt, matrix, matrix_of, product_transposed, values, widen,
};

/// What all replicates need to know of the images read so far.
pub(super) struct Pass<'a> {
    units: &'a [Group],
    replicates: &'a [Replicate],
    /// On an orthonormal basis `[m, K]` of everything that any replicate's basis spans.
    span: Projector,
    /// All replicates' axes in that basis, one after the other, `[axes, m]`.
    axes: Vec<f64>,
    /// On every coordinate of CLIP's space, for the share of a unit's own variance.
    whole: Option<Projector>,
    draws: Vec<Option<u64>>,
    /// Which draw each replicate uses.
    draw_of: Vec<usize>,
    pub images: u64,
    /// Images per draw, with their weights.
    weight: Vec<f64>,
    total: Sums,
    each: Vec<Sums>,
    row_squares: Vec<f64>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        aligned: &Aligned,
        units: &'a [Group],
        replicates: &'a [Replicate],
        kind: ScoreKind,
    ) -> Self {
        let k = aligned.dim;
        let axes: Vec<f64> = (replicates.iter())
            .flat_map(|replicate| replicate.basis.axes.clone())
            .collect();
        let (span, _) = gram_schmidt(&axes, k);
        let (count, m) = (axes.len() / k, span.len() / k);
        let mut draws: Vec<Option<u64>> = Vec::new();
        let mut draw_of = Vec::with_capacity(replicates.len());
        for replicate in replicates {
            let known = draws.iter().position(|draw| *draw == replicate.draw);
            draw_of.push(known.unwrap_or(draws.len()));
            if known.is_none() {
                draws.push(replicate.draw);
            }
        }
        let whole = (kind == ScoreKind::VarianceShare).then(|| Projector::everything(aligned));
        let mut sums = Sums {
            sum: vec![0.0; count],
            square: vec![0.0; count],
            with_total: vec![0.0; count],
            ..Sums::default()
        };
        if whole.is_some() {
            sums.whole_sum = vec![vec![0.0; k]; draws.len()];
            sums.whole_square = vec![0.0; draws.len()];
        }
        Self {
            axes: values(&product_transposed(
                &matrix(axes, count, k),
                &matrix_of(&span, m, k),
            )),
            span: Projector::new(aligned, &span),
            weight: vec![0.0; draws.len()],
            total: sums.clone(),
            each: vec![sums; units.len()],
            row_squares: vec![0.0; aligned.maps.len()],
            images: 0,
            whole,
            draws,
            draw_of,
            units,
            replicates,
        }
    }

    /// Adds the images `range` of a part.
    pub(super) fn add(&mut self, rows: &Rows, range: std::ops::Range<usize>, aligned: &Aligned) {
        let count = range.len();
        let weights: Vec<Vec<f64>> = (self.draws.iter())
            .map(|draw| {
                let times = |&id: &u32| draw.map_or(1.0, |draw| f64::from(times_drawn(draw, id)));
                rows.ids[range.clone()].iter().map(times).collect()
            })
            .collect();
        for (sum, weights) in self.weight.iter_mut().zip(&weights) {
            *sum += weights.iter().sum::<f64>();
        }
        let components: Vec<usize> = (0..aligned.maps.len()).collect();
        let shares = self.span.project_all(rows, &components, range.clone());
        let mut total = self.span.bias().repeat(count);
        shares
            .iter()
            .for_each(|share| add_scaled(&mut total, 1.0, share));
        let (total, first) = self.on_axes(&self.total.first, total);
        self.total.first = first;
        let wholes =
            (self.whole.as_ref()).map(|whole| whole.project_all(rows, &components, range.clone()));
        let mut each = std::mem::take(&mut self.each);
        each.par_iter_mut()
            .zip(self.units)
            .for_each(|(sums, unit)| {
                let own = sum_of(unit, &shares, count * self.span.directions());
                let (own, first) = self.on_axes(&sums.first, own);
                sums.first = first;
                self.tally(sums, &own, &total, &weights);
                if let Some(wholes) = &wholes {
                    let own = sum_of(unit, wholes, count * aligned.dim);
                    sums.add_whole(own, &weights);
                }
            });
        self.each = each;
        let mut own = std::mem::take(&mut self.total);
        self.tally(&mut own, &total, &total, &weights);
        self.total = own;
        for (i, sum) in self.row_squares.iter_mut().enumerate() {
            let d = aligned.widths[i];
            let row = widen(&rows.slabs[i][range.start * d..range.end * d]);
            *sum += dot(&row, &row);
        }
        self.images += count as u64;
    }

    /// Projections `[n, m]` minus the first image's, on all replicates' axes `[n, axes]`; and the first image's.
    fn on_axes(&self, first: &[f64], mut projections: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
        let m = self.span.directions();
        let first = if first.is_empty() {
            projections[..m].to_vec()
        } else {
            first.to_vec()
        };
        for row in projections.chunks_exact_mut(m.max(1)) {
            add_scaled(row, -1.0, &first);
        }
        let count = projections.len() / m.max(1);
        let axes = matrix_of(&self.axes, self.axes.len() / m.max(1), m);
        let turned = product_transposed(&matrix(projections, count, m), &axes);
        (values(&turned), first)
    }

    fn tally(&self, sums: &mut Sums, own: &[f64], total: &[f64], weights: &[Vec<f64>]) {
        let count = sums.sum.len();
        for (image, (own, total)) in own
            .chunks_exact(count.max(1))
            .zip(total.chunks_exact(count.max(1)))
            .enumerate()
        {
            let mut axis = 0;
            for (replicate, &draw) in self.replicates.iter().zip(&self.draw_of) {
                let weight = weights[draw][image];
                for a in axis..axis + replicate.basis.len() {
                    let weighted = weight * own[a];
                    sums.sum[a] += weighted;
                    sums.square[a] += weighted * own[a];
                    sums.with_total[a] += weighted * total[a];
                }
                axis += replicate.basis.len();
            }
        }
    }

    /// Scores of units (inner) in every replicate (outer).
    pub(super) fn scores(&self, kind: ScoreKind) -> Vec<Vec<f64>> {
        let m = self.span.directions();
        let sizes: Vec<Vec<f64>> = (self.row_squares.iter().enumerate())
            .map(|(i, squares)| {
                let rms = (squares / self.images as f64).sqrt();
                self.span.lengths(i).iter().map(|u| u * rms).collect()
            })
            .collect();
        let total_size = total_size(&sizes, self.span.bias());
        let on_axis = |size: &[f64], axis: usize| -> f64 {
            let turned = &self.axes[axis * m..(axis + 1) * m];
            turned.iter().zip(size).map(|(r, s)| r.abs() * s).sum()
        };
        let unit_sizes: Vec<Vec<f64>> = (self.units.iter())
            .map(|unit| {
                let mut size = vec![0.0; m];
                unit.components
                    .iter()
                    .for_each(|&i| add_scaled(&mut size, 1.0, &sizes[i]));
                size
            })
            .collect();
        let mut axis = 0;
        let mut all = Vec::with_capacity(self.replicates.len());
        for (replicate, &draw) in self.replicates.iter().zip(&self.draw_of) {
            let on = axis..axis + replicate.basis.len();
            axis = on.end;
            let n = self.weight[draw];
            let centred = |sums: &[f64], a: &[f64], b: &[f64]| -> Vec<f64> {
                let of = |i: usize| sums[i] - a[i] * b[i] / n.max(1.0);
                on.clone().map(of).collect()
            };
            let total = &self.total;
            let total_square = centred(&total.square, &total.sum, &total.sum);
            let total_on: Vec<f64> = on.clone().map(|a| on_axis(&total_size, a)).collect();
            let score = |(sums, size): (&Sums, &Vec<f64>)| {
                let size: Vec<f64> = on.clone().map(|a| on_axis(size, a)).collect();
                AxisMoments {
                    n: n as u64,
                    variance: &centred(&sums.square, &sums.sum, &sums.sum),
                    covariance: &centred(&sums.with_total, &sums.sum, &total.sum),
                    total: &total_square,
                    size: &size,
                    total_size: &total_on,
                    whole: sums.whole_variance(draw, n),
                }
                .score(kind)
            };
            all.push(self.each.iter().zip(&unit_sizes).map(score).collect());
        }
        all
    }
}
