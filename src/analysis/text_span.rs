//! TextSpan (arXiv 2310.05916, section 4.2): a short list of texts that spans what a unit contributes.
//!
//! The published algorithm works on the contributions `[n, K]` of all images. All it ever asks of them is their second
//! moments, so they are all it gets here: the result is the same, and no image is read again.

use super::error::AnalysisError;
use super::group::Group;
use super::moments::Moments;
use super::projection::{Projector, project_unit};
use crate::align::Aligned;
use crate::contributions::{Contributions, Keep};
use crate::linalg::{
    add_scaled, dot, matrix, matrix_of, product, product_transposed, symmetric_eigen,
    transposed_product, values, widen,
};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// How many principal directions texts are projected on, as published.
pub const RANK: usize = 80;

/// Directions with less of the second moment than this share of the first one's are rounding noise.
const NOISE: f64 = 1e-12;

/// How a unit's contributions are spread over CLIP's space.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Images.
    pub n: u64,
    /// Mean contribution, `[K]`.
    pub mean: Vec<f64>,
    /// Σ (contribution − mean)ᵀ (contribution − mean), `[K, K]`.
    pub second: Vec<f64>,
}

impl Spread {
    /// The spread of one component's aligned contributions, from the moments of its rows alone: contribution = row · U,
    /// so its second moment is Uᵀ Σ U.
    ///
    /// # Panics
    /// When the moments were gathered under another model or alignment.
    #[must_use]
    pub fn of_component(moments: &Moments, aligned: &Aligned, component: usize) -> Self {
        let own = &moments.components[component];
        let (d, k) = (own.mean.len(), aligned.dim);
        let map = matrix(widen(&aligned.maps[component]), d, k);
        let carried = product(&matrix_of(&own.second, d, d), &map);
        Self {
            n: moments.n,
            mean: values(&product(&matrix_of(&own.mean, 1, d), &map)),
            second: values(&transposed_product(&map, &carried)),
        }
    }

    /// The spread of a unit's summed aligned contributions over the images that take part, in one pass over its rows.
    ///
    /// # Errors
    /// [`AnalysisError`] when a part cannot be read or the work is cancelled.
    pub fn of_unit(
        contributions: &dyn Contributions,
        aligned: &Aligned,
        unit: &Group,
        keep: Keep<'_>,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Self, AnalysisError> {
        let whole = Projector::everything(aligned);
        let mut sums = Moments::empty(&[], aligned.dim);
        let mut visit = |_: &[u32], p: &[f64]| {
            sums.add_totals(p.to_vec());
        };
        project_unit(
            contributions,
            &whole,
            &unit.components,
            keep,
            cancel,
            progress,
            &mut visit,
        )?;
        Ok(Self {
            n: sums.n,
            mean: sums.total_mean,
            second: sums.total_second,
        })
    }
}

/// A text that was picked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pick {
    /// Which text, by position.
    pub text: usize,
    /// Standard deviation over images of the remaining contributions along the text, as published: the text's remaining
    /// part is projected on and not brought to unit length, so that texts that say more of what remains come first.
    pub std: f64,
    /// Share of the unit's variance along the text's remaining direction: what picking it explains.
    pub share: f64,
}

/// Picks up to `count` of the texts `[m, K]`, each time the one along which what remains varies most, and then removes
/// its direction from the contributions and from the texts. Texts are first projected on the `rank` principal
/// directions of the contributions (not centred, as published). Stops when nothing is left to explain.
#[must_use]
pub fn text_span(spread: &Spread, texts: &[f32], count: usize, rank: usize) -> Vec<Pick> {
    let k = spread.mean.len();
    let all = texts.len() / k.max(1);
    let variance: f64 = (0..k).map(|i| spread.second[i * k + i]).sum::<f64>() / spread.n as f64;
    let basis = principal(spread, rank);
    let p = basis.len() / k.max(1);
    if p == 0 || all == 0 || variance <= 0.0 {
        return Vec::new();
    }
    let axes = matrix_of(&basis, p, k);
    let carried = product(&axes, &matrix_of(&spread.second, k, k));
    let mut second: Vec<f64> = values(&product_transposed(&carried, &axes));
    second.iter_mut().for_each(|v| *v /= spread.n as f64);
    let mut texts: Vec<f64> = values(&product_transposed(&matrix(widen(texts), all, k), &axes));

    let mut picks: Vec<Pick> = Vec::new();
    while picks.len() < count.min(all) {
        let along: Vec<f64> = values(&product(
            &matrix_of(&texts, all, p),
            &matrix_of(&second, p, p),
        ));
        let varied = |text: usize| {
            let on = text * p..(text + 1) * p;
            dot(&texts[on.clone()], &along[on])
        };
        let left = (0..all).filter(|text| picks.iter().all(|pick| pick.text != *text));
        let best = left
            .map(|text| (text, varied(text)))
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((text, square)) = best.filter(|(_, square)| *square > NOISE * variance) else {
            break;
        };
        let direction = unit(&texts[text * p..(text + 1) * p]);
        let explained = remove(&mut second, &mut texts, &direction);
        picks.push(Pick {
            text,
            std: square.sqrt(),
            share: explained / variance,
        });
    }
    picks
}

/// The leading eigenvectors `[p, K]` of Σ contributionᵀ contribution, at most `rank`: the right singular vectors of the
/// contributions.
fn principal(spread: &Spread, rank: usize) -> Vec<f64> {
    let k = spread.mean.len();
    let mut whole = spread.second.clone();
    for (row, mean) in whole.chunks_exact_mut(k.max(1)).zip(&spread.mean) {
        add_scaled(row, spread.n as f64 * mean, &spread.mean);
    }
    let (eigenvalues, mut vectors) = symmetric_eigen(&whole, k);
    let first = eigenvalues.first().copied().unwrap_or(0.0);
    let real = eigenvalues.iter().take_while(|&&v| v > NOISE * first);
    vectors.truncate(real.count().min(rank) * k);
    vectors
}

fn unit(vector: &[f64]) -> Vec<f64> {
    let length = dot(vector, vector).sqrt();
    vector.iter().map(|v| v / length).collect()
}

/// Removes a unit direction `[p]` from second moments `[p, p]` and from texts `[m, p]`; gives the variance along it.
fn remove(second: &mut [f64], texts: &mut [f64], direction: &[f64]) -> f64 {
    let p = direction.len();
    let along: Vec<f64> = second
        .chunks_exact(p)
        .map(|row| dot(row, direction))
        .collect();
    let explained = dot(&along, direction);
    for (i, row) in second.chunks_exact_mut(p).enumerate() {
        add_scaled(row, explained * direction[i] - along[i], direction);
        add_scaled(row, -direction[i], &along);
    }
    for text in texts.chunks_exact_mut(p) {
        let length = dot(text, direction);
        add_scaled(text, -length, direction);
    }
    explained
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Random;
    use crate::contributions::synthetic::{random_alignment, synthesize};
    use crate::linalg::narrow;
    use crate::work::progress::Silent;

    fn normals(count: usize, random: &mut Random) -> Vec<f64> {
        (0..count).map(|_| random.normal()).collect()
    }

    fn spread_of(x: &[f64], k: usize) -> Spread {
        let n = x.len() / k;
        let mean: Vec<f64> = (0..k)
            .map(|c| x.chunks(k).map(|row| row[c]).sum::<f64>() / n as f64)
            .collect();
        let mut second = vec![0.0; k * k];
        for row in x.chunks(k) {
            for (a, b) in (0..k * k).map(|e| (e / k, e % k)) {
                second[a * k + b] += (row[a] - mean[a]) * (row[b] - mean[b]);
            }
        }
        Spread {
            n: n as u64,
            mean,
            second,
        }
    }

    /// The published steps, on the images themselves: singular vectors by power iteration with deflation.
    fn dense(x: &[f64], texts: &[f64], k: usize, count: usize, rank: usize) -> Vec<Pick> {
        let mut rest = x.to_vec();
        let mut axes: Vec<Vec<f64>> = Vec::new();
        for axis in 0..rank.min(k) {
            let mut v: Vec<f64> = (0..k).map(|c| 1.0 / (c + axis + 1) as f64).collect();
            for _ in 0..3000 {
                let mut next = vec![0.0; k];
                for row in rest.chunks(k) {
                    add_scaled(&mut next, dot(row, &v), row);
                }
                v = unit(&next);
            }
            for row in rest.chunks_mut(k) {
                let along = dot(row, &v);
                add_scaled(row, -along, &v);
            }
            axes.push(v);
        }
        let project = |t: &[f64]| {
            let mut on = vec![0.0; k];
            axes.iter()
                .for_each(|axis| add_scaled(&mut on, dot(t, axis), axis));
            on
        };
        let mut texts: Vec<Vec<f64>> = texts.chunks(k).map(project).collect();
        let n = (x.len() / k) as f64;
        let spread = spread_of(x, k);
        let mut x: Vec<Vec<f64>> = x.chunks(k).map(<[f64]>::to_vec).collect();
        x.iter_mut()
            .for_each(|row| add_scaled(row, -1.0, &spread.mean));
        let size = |x: &[Vec<f64>]| x.iter().map(|row| dot(row, row)).sum::<f64>();
        let whole = size(&x);
        let mut picks = Vec::new();
        for _ in 0..count {
            let std = |t: &Vec<f64>| {
                let along: Vec<f64> = x.iter().map(|row| dot(row, t)).collect();
                (dot(&along, &along) / n).sqrt()
            };
            let best = (0..texts.len())
                .max_by(|&a, &b| std(&texts[a]).total_cmp(&std(&texts[b])))
                .expect("texts");
            let (std, before) = (std(&texts[best]), size(&x));
            let direction = unit(&texts[best]);
            for row in x.iter_mut().chain(&mut texts) {
                let along = dot(row, &direction);
                add_scaled(row, -along, &direction);
            }
            picks.push(Pick {
                text: best,
                std,
                share: (before - size(&x)) / whole,
            });
        }
        picks
    }

    #[test]
    fn moments_pick_what_the_images_themselves_pick() {
        let (n, k, mut random) = (60, 6, Random::new(5));
        let scale = [3.0, 2.2, 1.6, 1.0, 0.6, 0.3];
        let x: Vec<f64> = (0..n * k)
            .map(|e| random.normal() * scale[e % k] + 0.4)
            .collect();
        let texts = normals(12 * k, &mut random);
        let texts: Vec<f64> = texts.chunks(k).flat_map(unit).collect();
        let spread = spread_of(&x, k);
        for (rank, count) in [(RANK, 5), (3, 2)] {
            let found = text_span(&spread, &narrow(&texts), count, rank);
            let texts = widen(&narrow(&texts));
            let want = dense(&x, &texts, k, count, rank);
            assert_eq!(found.len(), count);
            for (found, want) in found.iter().zip(&want) {
                assert_eq!(found.text, want.text, "rank {rank}");
                assert!((found.std - want.std).abs() < 1e-6);
                assert!((found.share - want.share).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn planted_directions_come_in_order_of_variance_and_once_each() {
        let (k, n) = (40, 300);
        let mut random = Random::new(8);
        // Texts are coordinate axes; four of them vary, the widest is not the first.
        let widths = [(7, 4.0), (2, 3.0), (31, 2.0), (11, 1.0)];
        let mut x = vec![0.25; n * k];
        for row in x.chunks_mut(k) {
            for (axis, width) in widths {
                row[axis] += width * random.normal();
            }
        }
        let mut texts = vec![0.0f32; k * k];
        (0..k).for_each(|i| texts[i * k + i] = 1.0);
        // The same text twice must not be picked twice.
        texts.extend_from_within(7 * k..8 * k);
        let picks = text_span(&spread_of(&x, k), &texts, 20, RANK);
        let order: Vec<usize> = picks.iter().map(|pick| pick.text).collect();
        assert_eq!(order[..4], [7, 2, 31, 11]);
        let mut once = order.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), order.len());
        assert!(picks.iter().all(|pick| pick.share >= -1e-12));
        let explained: f64 = picks.iter().map(|pick| pick.share).sum();
        assert!((explained - 1.0).abs() < 1e-9);
    }

    #[test]
    fn moments_and_images_give_the_same_spread() {
        let synthetic = synthesize(230, 7, &[3, 5, 4, 2], 64, 6);
        let alignment = random_alignment(4, 7, 6, 7);
        let aligned = Aligned::new(&synthetic.contributions, &alignment);
        let (keep, cancel) = (|_: u32| true, Cancel::default());
        let moments = crate::analysis::gather_moments(
            &synthetic.contributions,
            &aligned,
            &keep,
            &cancel,
            &crate::work::progress::Silent,
        )
        .expect("in memory");
        let (each, _) = synthetic.aligned(&alignment);
        let both: Vec<f64> = each[0].iter().zip(&each[2]).map(|(a, b)| a + b).collect();
        let unit = Group {
            name: "pair".to_owned(),
            components: vec![0, 2],
        };
        let scanned = Spread::of_unit(
            &synthetic.contributions,
            &aligned,
            &unit,
            &keep,
            &cancel,
            &Silent,
        );
        let pairs = [
            (
                Spread::of_component(&moments, &aligned, 1),
                spread_of(&each[1], 6),
            ),
            (scanned.expect("in memory"), spread_of(&both, 6)),
        ];
        for (found, want) in pairs {
            assert_eq!(found.n, want.n);
            let numbers = |s: &Spread| [s.mean.clone(), s.second.clone()].concat();
            for (found, want) in numbers(&found).iter().zip(numbers(&want)) {
                assert!(
                    (found - want).abs() < 1e-5 * (1.0 + want.abs()),
                    "{found} {want}"
                );
            }
        }
    }

    #[test]
    fn what_does_not_vary_is_spanned_by_nothing() {
        let spread = Spread {
            n: 9,
            mean: vec![1.0, 2.0],
            second: vec![0.0; 4],
        };
        assert!(text_span(&spread, &[1.0, 0.0], 3, RANK).is_empty());
    }
}
