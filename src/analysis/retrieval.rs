//! Images by what some components contribute: along a text's direction, or like another image. One pass over the
//! components' rows; no more images are held than are asked for.

use std::cmp::{self, Reverse};
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::error::AnalysisError;
use super::vectors::{Summed, summed};
use crate::align::Aligned;
use crate::contributions::{Contributions, Keep, ReadError, concerns};
use crate::kernels::projections;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// An image that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// The image's id.
    pub id: u32,
    /// How well it fits.
    pub score: f64,
}

/// Ordered by score, then the smaller id first.
impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then(other.id.cmp(&self.id))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The best of the images seen so far.
pub(crate) struct Best {
    count: usize,
    heap: BinaryHeap<Reverse<Found>>,
}

impl Best {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            count,
            heap: BinaryHeap::new(),
        }
    }

    pub(crate) fn see(&mut self, id: u32, score: f64) {
        self.heap.push(Reverse(Found { id, score }));
        if self.heap.len() > self.count {
            self.heap.pop();
        }
    }

    /// The images of a part, of which few are better than the worst of those kept: only they are asked about and put in
    /// their place. The others are passed over several at a time.
    fn see_all(&mut self, ids: &[u32], scores: &[f64], keep: Keep<'_>) {
        const SEVERAL: usize = 16;
        for (ids, scores) in ids.chunks(SEVERAL).zip(scores.chunks(SEVERAL)) {
            let below = |bar| scores.iter().fold(true, |all, score| all & (*score < bar));
            if self.bar().is_some_and(below) {
                continue;
            }
            for (&id, &score) in ids.iter().zip(scores) {
                let worse = |bar: f64| score.total_cmp(&bar).is_lt();
                if !self.bar().is_some_and(worse) && keep(id) {
                    self.see(id, score);
                }
            }
        }
    }

    /// Scores below this are not among the best; none while there is room.
    fn bar(&self) -> Option<f64> {
        let full = self.heap.len() == self.count;
        let worst = self.heap.peek().filter(|_| full);
        worst.map(|Reverse(worst)| worst.score)
    }

    /// The best of both.
    fn and(mut self, other: Self) -> Self {
        for Reverse(found) in other.heap {
            self.see(found.id, found.score);
        }
        self
    }

    pub(crate) fn in_order(self) -> Vec<Found> {
        let mut found: Vec<Found> = self.heap.into_iter().map(|Reverse(found)| found).collect();
        found.sort_by(|a, b| b.cmp(a));
        found
    }
}

/// The `count` images whose summed aligned contributions of `components` reach furthest along a direction `[K]` of
/// CLIP's space, ties by id. The score is the scalar product as it is, as published: neither centred nor normalised,
/// and without the alignment's bias, which is the same for all images.
///
/// Rows are read where they lie, parts side by side: a head costs 64 numbers per image and no copy of them. Products
/// are summed in f64.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
#[expect(
    clippy::too_many_arguments,
    reason = "what is read, what is asked, who listens"
)]
pub fn furthest_along(
    contributions: &dyn Contributions,
    aligned: &Aligned,
    components: &[usize],
    direction: &[f64],
    count: usize,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Found>, AnalysisError> {
    let pulled: Vec<(usize, Vec<f64>)> = (components.iter())
        .map(|&i| (i, projections(&aligned.maps[i], direction, 1)))
        .collect();
    best_of_parts(
        contributions,
        count,
        keep,
        cancel,
        progress,
        &|part, scores| {
            scores.resize(contributions.ids(part)?.len(), 0.0);
            for (component, pulled) in &pulled {
                contributions
                    .slab(part, *component)?
                    .add_products(pulled, scores);
            }
            Ok(())
        },
    )
}

/// The `count` images whose summed contributions of some components, as they are in the representation, have the greatest
/// cosine with `probe` `[Dz]`, ties by id. An image to which the components contribute nothing scores 0.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub fn most_alike(
    contributions: &dyn Contributions,
    components: &Summed,
    probe: &[f32],
    count: usize,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Found>, AnalysisError> {
    let dim = contributions.dim();
    let (summed_over, from_z) = match components {
        Summed::Of(components) => (components, false),
        Summed::AllBut(others) => (others, true),
    };
    best_of_parts(
        contributions,
        count,
        keep,
        cancel,
        progress,
        &|part, scores| {
            let slabs = (summed_over.iter())
                .map(|&i| Ok(contributions.slab(part, i)?.single()))
                .collect::<Result<Vec<_>, ReadError>>()?;
            let terms: Vec<(&[f32], &[f32])> = (slabs.iter().zip(summed_over))
                .map(|(slab, &i)| (&slab[..], contributions.map(i)))
                .collect();
            let mut sums = summed(contributions.ids(part)?.len(), dim, &terms);
            if from_z {
                let z = contributions.z(part)?;
                sums.iter_mut().zip(&*z).for_each(|(s, z)| *s = z - *s);
            }
            scores.extend(sums.chunks_exact(dim).map(|sum| cosine(sum, probe)));
            Ok(())
        },
    )
}

/// Pushes the scores of a part's images.
type Scoring<'a> = &'a (dyn Fn(usize, &mut Vec<f64>) -> Result<(), ReadError> + Sync);

/// The best of all parts' images, by scores of a part's images, which `score` pushes; a part of which none takes part is
/// not scored.
fn best_of_parts(
    contributions: &dyn Contributions,
    count: usize,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
    score: Scoring<'_>,
) -> Result<Vec<Found>, AnalysisError> {
    progress.start("images", contributions.parts() as u64);
    let done = AtomicU64::new(0);
    // A run of parts shares what it has found: the worst kept is soon good, and few images pass it.
    let begin = || (Best::new(count), Vec::new());
    let runs = (0..contributions.parts()).into_par_iter().try_fold(
        begin,
        |(mut best, mut scores), part| {
            cancel.check()?;
            if concerns(contributions, part, keep) {
                scores.clear();
                score(part, &mut scores)?;
                best.see_all(&contributions.ids(part)?, &scores, keep);
            }
            progress.advance(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok::<_, AnalysisError>((best, scores))
        },
    );
    let best = runs
        .map(|run| run.map(|(best, _)| best))
        .try_reduce(|| Best::new(count), |a, b| Ok(a.and(b)))?;
    progress.finish();
    Ok(best.in_order())
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let products = a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y));
        products.sum()
    };
    let lengths = (dot(a, a) * dot(b, b)).sqrt();
    if lengths > 0.0 {
        dot(a, b) / lengths
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use half::f16;

    use super::*;
    use crate::contributions::Slab;
    use crate::contributions::synthetic::{random_alignment, synthesize};
    use crate::work::progress::Silent;

    const DIM: usize = 7;
    const WIDTHS: [usize; 4] = [3, 5, 4, 2];

    #[test]
    fn the_nearest_are_those_of_a_dense_search() {
        let synthetic = synthesize(210, DIM, &WIDTHS, 64, 3);
        let keep = |id: u32| !id.is_multiple_of(5);
        let chosen = [2, 0];
        let own: Vec<f64> = (synthetic.dense[2].iter().zip(&synthetic.dense[0]))
            .map(|(a, b)| a + b)
            .collect();
        let ids = synthetic.ids();
        let probe: Vec<f32> = own[10 * DIM..11 * DIM].iter().map(|&v| v as f32).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let wide: Vec<f64> = probe.iter().map(|&v| f64::from(v)).collect();
        let mut want: Vec<(u32, f64)> = (ids.iter().zip(own.chunks_exact(DIM)))
            .filter(|(id, _)| keep(**id))
            .map(|(&id, row)| {
                let cosine = dot(row, &wide) / (dot(row, row) * dot(&wide, &wide)).sqrt();
                (id, cosine)
            })
            .collect();
        want.sort_by(|a, b| b.1.total_cmp(&a.1));
        let cancel = Cancel::default();
        for summed in [Summed::Of(chosen.to_vec()), Summed::AllBut(vec![1, 3])] {
            let found = most_alike(
                &synthetic.contributions,
                &summed,
                &probe,
                6,
                &keep,
                &cancel,
                &Silent,
            )
            .expect("in memory");
            assert_eq!(found.len(), 6);
            for (found, want) in found.iter().zip(&want) {
                assert_eq!(found.id, want.0);
                assert!((found.score - want.1).abs() < 1e-6);
            }
            // The image itself comes first, with cosine 1.
            assert_eq!(found[0].id, ids[10]);
            assert!((found[0].score - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn scores_along_a_text_are_raw_scalar_products() {
        let synthetic = synthesize(150, DIM, &WIDTHS, 64, 4);
        let alignment = random_alignment(WIDTHS.len(), DIM, 6, 5);
        let aligned = Aligned::new(&synthetic.contributions, &alignment);
        let direction = [0.3, -1.0, 0.5, 0.1, 0.0, 2.0];
        let (each, _) = synthetic.aligned(&alignment);
        let mut want: Vec<(u32, f64)> = (synthetic.ids().into_iter().enumerate())
            .map(|(r, id)| {
                let along =
                    |c: &Vec<f64>| -> f64 { (0..6).map(|k| c[r * 6 + k] * direction[k]).sum() };
                (id, along(&each[1]) + along(&each[2]))
            })
            .collect();
        want.sort_by(|a, b| b.1.total_cmp(&a.1));
        let cancel = Cancel::default();
        let every = |_: u32| true;
        let held = &synthetic.contributions;
        let found = furthest_along(
            held,
            &aligned,
            &[1, 2],
            &direction,
            5,
            &every,
            &cancel,
            &Silent,
        )
        .expect("in memory");
        assert_eq!(found.len(), 5);
        for (found, want) in found.iter().zip(&want) {
            assert_eq!(found.id, want.0);
            assert!((found.score - want.1).abs() < 1e-5);
        }
    }

    #[test]
    fn what_is_passed_over_is_not_among_the_best() {
        let ids: Vec<u32> = (0..1000).collect();
        // Every score some twenty times, and some that are no numbers.
        let scores: Vec<f64> = (ids.iter())
            .map(|id| match id % 331 {
                7 => f64::NAN,
                8 => -f64::NAN,
                _ => f64::from(id.wrapping_mul(2_654_435_761) >> 16).rem_euclid(47.0),
            })
            .collect();
        let asked = AtomicU64::new(0);
        let keep = |id: u32| {
            asked.fetch_add(1, Ordering::Relaxed);
            !id.is_multiple_of(3)
        };
        let mut best = Best::new(12);
        best.see_all(&ids[..600], &scores[..600], &keep);
        best.see_all(&ids[600..], &scores[600..], &keep);
        let mut want: Vec<Found> = (ids.iter().zip(&scores))
            .filter(|(id, _)| !id.is_multiple_of(3))
            .map(|(&id, &score)| Found { id, score })
            .collect();
        want.sort_by(|a, b| b.cmp(a));
        let found: Vec<u32> = best.in_order().iter().map(|found| found.id).collect();
        assert_eq!(
            found,
            want[..12].iter().map(|found| found.id).collect::<Vec<_>>()
        );
        assert!(asked.into_inner() < 200, "few are asked about");
    }

    #[test]
    fn halves_are_searched_as_what_they_stand_for() {
        let halves: Vec<f16> = (0..7 * 20)
            .map(|i| f16::from_f32((i as f32).sin()))
            .collect();
        let along: Vec<f64> = (0..7).map(|i| f64::from(i).cos()).collect();
        let (mut sums, mut want) = (vec![0.25; 20], vec![0.25; 20]);
        Slab::Half(&halves).add_products(&along, &mut sums);
        Slab::Single(&Slab::Half(&halves).single()).add_products(&along, &mut want);
        assert_eq!(sums, want);
        let chosen = Slab::Half(&halves).take_rows(7, &[3, 19]);
        assert_eq!(chosen[7], halves[19 * 7].to_f32());
        assert_eq!(chosen.len(), 14);
    }

    #[test]
    fn equal_scores_keep_the_smaller_ids() {
        let mut best = Best::new(2);
        for id in [5, 3, 9, 4] {
            best.see(id, 0.5);
        }
        let ids: Vec<u32> = best.in_order().iter().map(|found| found.id).collect();
        assert_eq!(ids, [3, 4]);
    }
}
