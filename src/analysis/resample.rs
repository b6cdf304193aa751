//! Scores over again on resampled images and with resampled texts: how far a ranking depends on which were there.
//!
//! Images are resampled as a stream allows it: each takes part as often as a Poisson variable of mean 1 says, which for
//! many images is what drawing them with replacement comes to (Chamandy et al. 2012, "Estimating uncertainty for massive
//! data streams"). How often follows from the draw and the image's id alone, so that every model sees the same draws and
//! parts may come in any order. One pass serves all replicates.

use rayon::prelude::*;

use super::projection::Projector;
use super::scan::sum_of;
use super::score::{AxisMoments, ScoreKind, total_size};
use super::{AnalysisError, TextBasis, Unit};
use crate::align::{Aligned, Random};
use crate::contributions::{Contributions, Keep, read_kept};
use crate::decompose::Rows;
use crate::linalg::{
    add_scaled, dot, gram_schmidt, matrix, matrix_of, product_transposed, values, widen,
};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Images whose projections are held at a time: each has some for every replicate.
const CHUNK: usize = 256;

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

/// Scores of units (inner) in every replicate (outer), over the images that take part.
///
/// # Errors
/// [`AnalysisError::NeedsImages`] for Spearman's correlation, whose ranks have no sums;
/// [`AnalysisError::TooFewImages`]; or when a part cannot be read or the work is cancelled.
#[expect(
    clippy::too_many_arguments,
    reason = "what is read, what is asked, who listens"
)]
pub fn resampled_scores(
    contributions: &dyn Contributions,
    aligned: &Aligned,
    units: &[Unit],
    replicates: &[Replicate],
    kind: ScoreKind,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    if kind == ScoreKind::Spearman {
        return Err(AnalysisError::NeedsImages(kind));
    }
    let mut pass = Pass::new(aligned, units, replicates, kind);
    progress.start("resampling", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = read_kept(contributions, part, None, keep)?;
        for start in (0..rows.len()).step_by(CHUNK) {
            cancel.check()?;
            pass.add(&rows, start..(start + CHUNK).min(rows.len()), aligned);
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    if pass.images < 2 {
        return Err(AnalysisError::TooFewImages(pass.images));
    }
    Ok(pass.scores(kind))
}

struct Pass<'a> {
    units: &'a [Unit],
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
    images: u64,
    /// Images per draw, with their weights.
    weight: Vec<f64>,
    total: Sums,
    each: Vec<Sums>,
    row_squares: Vec<f64>,
}

/// Weighted sums of projections minus those of the first image, which keeps them small; `[axes]` each.
#[derive(Clone, Default)]
struct Sums {
    first: Vec<f64>,
    sum: Vec<f64>,
    square: Vec<f64>,
    with_total: Vec<f64>,
    /// Per draw: sum `[K]` and squared length of the whole contribution, minus the first image's.
    whole_first: Vec<f64>,
    whole_sum: Vec<Vec<f64>>,
    whole_square: Vec<f64>,
}

impl<'a> Pass<'a> {
    fn new(
        aligned: &Aligned,
        units: &'a [Unit],
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
    fn add(&mut self, rows: &Rows, range: std::ops::Range<usize>, aligned: &Aligned) {
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

    fn scores(&self, kind: ScoreKind) -> Vec<Vec<f64>> {
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

impl Sums {
    fn add_whole(&mut self, mut own: Vec<f64>, weights: &[Vec<f64>]) {
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

    fn whole_variance(&self, draw: usize, n: f64) -> f64 {
        self.whole_sum.get(draw).map_or(0.0, |sum| {
            self.whole_square[draw] - dot(sum, sum) / n.max(1.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::scan_scores;
    use crate::contributions::synthetic::{noise, random_alignment, synthesize};
    use crate::contributions::{InMemory, read_kept_with_z};
    use crate::work::progress::Silent;

    const DIM: usize = 7;
    const WIDTH: usize = 6;
    const WIDTHS: [usize; 5] = [3, 5, 4, 9, 2];

    /// The images of a draw written out: each as often as it was drawn.
    fn written_out(held: &InMemory, draw: u64) -> InMemory {
        let specs = held.specs().to_vec();
        let maps = (0..specs.len()).map(|i| held.map(i).to_vec()).collect();
        let part = |part: usize| {
            let rows = read_kept_with_z(held, part, None, &|_| true).expect("in memory");
            let taken: Vec<usize> = (0..rows.len())
                .flat_map(|r| vec![r; times_drawn(draw, rows.ids[r]) as usize])
                .collect();
            let take =
                |values: &[f32], width| crate::contributions::take_rows(values, width, &taken);
            Rows {
                ids: taken.iter().map(|&r| rows.ids[r]).collect(),
                z: take(&rows.z, DIM),
                slabs: (rows.slabs.iter().zip(&specs))
                    .map(|(slab, spec)| take(slab, spec.width))
                    .collect(),
            }
        };
        let parts = (0..held.parts()).map(part).collect();
        InMemory::new(specs, maps, DIM, parts).expect("shapes agree")
    }

    #[test]
    fn a_replicate_scores_the_images_it_drew() {
        let synthetic = synthesize(230, DIM, &WIDTHS, 64, 21);
        let alignment = random_alignment(WIDTHS.len(), DIM, WIDTH, 22);
        let aligned = Aligned::new(&synthetic.contributions, &alignment);
        let texts = noise(4 * WIDTH, &mut Random::new(23));
        let units: Vec<Unit> = [vec![0], vec![1, 2], vec![3], vec![4]]
            .into_iter()
            .map(|components| Unit {
                name: String::new(),
                components,
            })
            .collect();
        let all = TextBasis::in_list_order(&texts, WIDTH);
        let some = TextBasis::in_list_order(&texts[WIDTH..3 * WIDTH], WIDTH);
        let replicates: Vec<Replicate> = [(&all, None), (&some, Some(1)), (&all, Some(2))]
            .into_iter()
            .map(|(basis, draw)| Replicate {
                basis: basis.clone(),
                draw,
            })
            .collect();
        let every = |_: u32| true;
        let cancel = Cancel::default();
        for kind in [
            ScoreKind::Correlation,
            ScoreKind::VarianceShare,
            ScoreKind::CovarianceShare,
            ScoreKind::TraceCorrelation,
        ] {
            let held = &synthetic.contributions;
            let found = resampled_scores(
                held,
                &aligned,
                &units,
                &replicates,
                kind,
                &every,
                &cancel,
                &Silent,
            )
            .expect("in memory");
            for (replicate, scores) in replicates.iter().zip(&found) {
                let written = match replicate.draw {
                    Some(draw) => written_out(held, draw),
                    None => held.clone(),
                };
                let basis = std::slice::from_ref(&replicate.basis);
                let want = scan_scores(
                    &written, &aligned, &units, basis, kind, &every, &cancel, &Silent,
                )
                .expect("in memory");
                for (found, want) in scores.iter().zip(&want.scores) {
                    assert!((found - want[0]).abs() < 1e-9, "{kind}: {found} {want:?}");
                }
            }
            // The draws differ, and with them the scores.
            assert!((found[0][0] - found[2][0]).abs() > 1e-6);
        }
    }

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
