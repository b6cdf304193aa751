//! Ablation in the decomposition: what a linear function of the representation would be, were some components'
//! contributions replaced. Only the direct effect is taken away: later components keep what they read from earlier ones.
//!
//! A linear function of z is a sum over components of `row_i · map_i`, so that any number of ablations of an image
//! costs additions of short vectors; one pass over the rows serves all of them.

use std::borrow::Cow;

use rayon::prelude::*;

use super::AnalysisError;
use super::classes::Classifier;
use crate::align::{Aligned, Random};
use crate::contributions::{Contributions, Keep, read_kept, read_kept_with_z, take_rows};
use crate::decompose::Rows;
use crate::linalg::{matrix, matrix_of, narrow, product, product_transposed, values, widen};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Numbers that the projections of a chunk of images may take up.
const BUDGET: usize = 1 << 23;

/// A linear function of the representation, by component: value = Σ_i row_i · map_i + bias.
pub struct Linear<'a> {
    /// Numbers per value.
    pub width: usize,
    /// `[d_i, width]` per component, row-major.
    maps: Vec<Cow<'a, [f32]>>,
    bias: Vec<f32>,
    whole: Whole,
}

/// How the value of a whole representation is got.
enum Whole {
    /// It is z.
    Itself,
    /// As `z · matrix`, `[Dz, width]`.
    Through(Vec<f32>),
    /// By summing over all components.
    Sum,
}

impl<'a> Linear<'a> {
    /// The representation itself.
    #[must_use]
    pub fn identity(contributions: &'a dyn Contributions) -> Self {
        let count = contributions.specs().len();
        Self {
            width: contributions.dim(),
            maps: (0..count)
                .map(|i| Cow::Borrowed(contributions.map(i)))
                .collect(),
            bias: vec![0.0; contributions.dim()],
            whole: Whole::Itself,
        }
    }

    /// The scores of a classifier of representations.
    #[must_use]
    pub fn classifier(contributions: &dyn Contributions, classifier: &Classifier) -> Self {
        let (dim, classes) = (contributions.dim(), classifier.classes());
        let weights = matrix(classifier.weights.clone(), dim, classes);
        let maps = contributions.specs().iter().enumerate().map(|(i, spec)| {
            let map = matrix(widen(contributions.map(i)), spec.width, dim);
            Cow::Owned(narrow(&values(&product(&map, &weights))))
        });
        Self {
            width: classes,
            maps: maps.collect(),
            bias: narrow(&classifier.bias),
            whole: Whole::Through(narrow(&classifier.weights)),
        }
    }

    /// Scalar products of the aligned representation with texts `[m, K]`: the scores of a zero-shot text head. It has
    /// the argmax of the cosines that CLIP classifies by, which differ by the length of the representation alone.
    #[must_use]
    pub fn texts(aligned: &Aligned, texts: &[f64]) -> Self {
        let dim = aligned.dim;
        let count = texts.len() / dim;
        let axes = matrix_of(texts, count, dim);
        let maps = aligned.maps.iter().zip(&aligned.widths).map(|(map, &d)| {
            let map = matrix(widen(map), d, dim);
            Cow::Owned(narrow(&values(&product_transposed(&map, &axes))))
        });
        let bias = product_transposed(&matrix(widen(&aligned.bias), 1, dim), &axes);
        Self {
            width: count,
            maps: maps.collect(),
            bias: narrow(&values(&bias)),
            whole: Whole::Sum,
        }
    }

    /// The values that component `component` adds for rows `[n, d]`.
    fn share(&self, component: usize, rows: &[f32]) -> Vec<f32> {
        let map = &self.maps[component];
        let d = map.len() / self.width;
        let n = rows.len() / d;
        values(&product(
            &matrix_of(rows, n, d),
            &matrix_of(map, d, self.width),
        ))
    }
}

/// What ablated contributions are replaced by.
#[derive(Clone, Debug, PartialEq)]
pub enum Instead {
    /// Their means, given as the mean row of every component that is ablated, by component.
    Means(Vec<Vec<f64>>),
    /// Nothing.
    Zero,
    /// Those of another image, drawn with this seed among those read together; all ablated components of an image take
    /// theirs from the same other one.
    Resampled(u64),
}

/// The mean row of each of some components over some images, by component; nothing for the others.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read, the work is cancelled, or no image takes part.
pub fn mean_rows(
    contributions: &dyn Contributions,
    which: &[usize],
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    let widths: Vec<usize> = contributions
        .specs()
        .iter()
        .map(|spec| spec.width)
        .collect();
    let mut means: Vec<Vec<f64>> = which.iter().map(|&i| vec![0.0; widths[i]]).collect();
    let mut images = 0;
    progress.start("means", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        cancel.check()?;
        let rows = read_kept(contributions, part, Some(which), keep)?;
        images += rows.len();
        means
            .par_iter_mut()
            .zip(&rows.slabs)
            .for_each(|(mean, slab)| {
                for row in slab.chunks_exact(mean.len()) {
                    mean.iter_mut()
                        .zip(row)
                        .for_each(|(m, v)| *m += f64::from(*v));
                }
            });
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    if images == 0 {
        return Err(AnalysisError::TooFewImages(0));
    }
    let mut by_component = vec![Vec::new(); widths.len()];
    for (mut mean, &component) in means.into_iter().zip(which) {
        mean.iter_mut().for_each(|v| *v /= images as f64);
        by_component[component] = mean;
    }
    Ok(by_component)
}

/// Some images' values of a linear function, whole and with components ablated.
pub struct Ablated<'a> {
    /// The images.
    pub ids: &'a [u32],
    /// Their values, `[n, width]`.
    pub whole: &'a [f32],
    /// Which ablation it is.
    pub variant: usize,
    /// The values with its components ablated, `[n, width]`.
    pub values: &'a [f32],
}

/// Ablates several choices of components, `variants`, each on its own, for every image; one pass over the rows. The
/// visitor sees a chunk of images at a time, every variant of it in turn.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
#[allow(clippy::too_many_arguments)] // a pass over the images and what it is for
pub fn ablate(
    contributions: &dyn Contributions,
    linear: &Linear<'_>,
    variants: &[Vec<usize>],
    instead: &Instead,
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
    visit: &mut dyn FnMut(&Ablated<'_>),
) -> Result<(), AnalysisError> {
    let mut which: Vec<usize> = match linear.whole {
        Whole::Sum => (0..contributions.specs().len()).collect(),
        _ => variants.iter().flatten().copied().collect(),
    };
    which.sort_unstable();
    which.dedup();
    let place = |component: usize| which.binary_search(&component).ok();
    let ablated: Vec<Vec<usize>> = (variants.iter())
        .map(|variant| variant.iter().filter_map(|&i| place(i)).collect())
        .collect();
    let replaced: Vec<bool> = (0..which.len())
        .map(|place| ablated.iter().any(|variant| variant.contains(&place)))
        .collect();
    let size = (BUDGET / (linear.width * (which.len() + 2))).max(16);
    progress.start("ablations", contributions.parts() as u64);
    for part in 0..contributions.parts() {
        let rows = match linear.whole {
            Whole::Sum => read_kept(contributions, part, Some(&which), keep)?,
            _ => read_kept_with_z(contributions, part, Some(&which), keep)?,
        };
        for start in (0..rows.len()).step_by(size) {
            cancel.check()?;
            let chunk = slice(&rows, contributions, &which, start, size);
            let shares: Vec<Vec<f32>> = (which.iter().zip(&chunk.slabs))
                .map(|(&i, slab)| linear.share(i, slab))
                .collect();
            let whole = whole(linear, &chunk, &shares);
            let changes = changes(linear, instead, &which, &replaced, &chunk, &shares);
            for (variant, places) in ablated.iter().enumerate() {
                let mut values = whole.clone();
                for &i in places {
                    values
                        .iter_mut()
                        .zip(&changes[i])
                        .for_each(|(v, c)| *v += c);
                }
                visit(&Ablated {
                    ids: &chunk.ids,
                    whole: &whole,
                    variant,
                    values: &values,
                });
            }
        }
        progress.advance(part as u64 + 1);
    }
    progress.finish();
    Ok(())
}

/// At most `size` images of a part.
fn slice(
    rows: &Rows,
    contributions: &dyn Contributions,
    which: &[usize],
    start: usize,
    size: usize,
) -> Rows {
    let chosen: Vec<usize> = (start..rows.len().min(start + size)).collect();
    let widths = which.iter().map(|&i| contributions.specs()[i].width);
    Rows {
        ids: take_rows(&rows.ids, 1, &chosen),
        z: match rows.z.is_empty() {
            true => Vec::new(), // it was not asked for
            false => take_rows(&rows.z, contributions.dim(), &chosen),
        },
        slabs: (rows.slabs.iter().zip(widths))
            .map(|(slab, width)| take_rows(slab, width, &chosen))
            .collect(),
    }
}

/// The values of whole representations.
fn whole(linear: &Linear<'_>, rows: &Rows, shares: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = match &linear.whole {
        Whole::Itself => return rows.z.clone(),
        Whole::Through(map) => {
            let dim = map.len() / linear.width;
            let z = matrix_of(&rows.z, rows.len(), dim);
            values(&product(&z, &matrix_of(map, dim, linear.width)))
        }
        Whole::Sum => {
            let mut sum = vec![0.0; rows.len() * linear.width];
            for share in shares {
                sum.iter_mut().zip(share).for_each(|(s, v)| *s += v);
            }
            sum
        }
    };
    for row in sum.chunks_exact_mut(linear.width) {
        row.iter_mut().zip(&linear.bias).for_each(|(v, b)| *v += b);
    }
    sum
}

/// What every component's replacement changes, `[n, width]` each; nothing for those that none ever has, as `replaced` says.
fn changes(
    linear: &Linear<'_>,
    instead: &Instead,
    which: &[usize],
    replaced: &[bool],
    rows: &Rows,
    shares: &[Vec<f32>],
) -> Vec<Vec<f32>> {
    let width = linear.width;
    let mut other: Vec<usize> = (0..rows.len()).collect();
    if let Instead::Resampled(seed) = instead {
        let first = rows.ids.first().copied().unwrap_or_default();
        Random::new(seed.wrapping_add(u64::from(first))).shuffle(&mut other);
    }
    let change = |((&component, share), &replaced): ((&usize, &Vec<f32>), &bool)| match instead {
        _ if !replaced => Vec::new(),
        Instead::Zero => share.iter().map(|v| -v).collect(),
        Instead::Means(means) => {
            let mean = linear.share(component, &narrow(&means[component]));
            let row = |own: &[f32]| {
                own.iter()
                    .zip(&mean)
                    .map(|(v, m)| m - v)
                    .collect::<Vec<_>>()
            };
            share.chunks_exact(width).flat_map(row).collect()
        }
        Instead::Resampled(_) => {
            let others = take_rows(share, width, &other);
            others.iter().zip(share).map(|(o, v)| o - v).collect()
        }
    };
    which.iter().zip(shares).zip(replaced).map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::classes::{ClassSums, Priors, Second};
    use crate::contributions::synthetic::{naive, random_alignment, synthesize, wide};
    use crate::work::progress::Silent;

    const DIM: usize = 6;
    const WIDTHS: [usize; 4] = [3, 5, 4, 2];

    /// All values of a variant, in order of images, as [`ablate`] gives them.
    fn ablated(
        held: &dyn Contributions,
        linear: &Linear<'_>,
        variant: &[usize],
        instead: &Instead,
    ) -> Vec<f32> {
        let mut all = Vec::new();
        let variants = [vec![], variant.to_vec()];
        let keep = |id: u32| id % 5 != 1;
        let mut visit = |seen: &Ablated<'_>| match seen.variant {
            0 => assert_eq!(seen.whole, seen.values),
            _ => all.extend_from_slice(seen.values),
        };
        let cancel = Cancel::default();
        ablate(
            held, linear, &variants, instead, &keep, &cancel, &Silent, &mut visit,
        )
        .expect("in memory");
        all
    }

    fn assert_near(found: &[f32], want: &[f64]) {
        assert_eq!(found.len(), want.len());
        for (found, want) in found.iter().zip(want) {
            assert!((f64::from(*found) - want).abs() < 2e-5, "{found} {want}");
        }
    }

    #[test]
    fn ablated_values_are_those_of_a_dense_computation() {
        let synthetic = synthesize(150, DIM, &WIDTHS, 40, 9);
        let held = &synthetic.contributions;
        let alignment = random_alignment(WIDTHS.len(), DIM, 7, 4);
        let aligned = Aligned::new(held, &alignment);
        let texts: Vec<f64> = (0..14).map(|k| f64::from(k % 5) - 1.5).collect();
        let transposed: Vec<f64> = (0..14).map(|k| texts[k % 2 * 7 + k / 2]).collect();
        let means = mean_rows(
            held,
            &[0, 2],
            &|id| id % 2 == 0,
            &Cancel::default(),
            &Silent,
        )
        .expect("images");
        let ids = synthetic.ids();
        let rows: Vec<usize> = (0..150).filter(|&r| ids[r] % 5 != 1).collect();
        let even: Vec<usize> = (0..150).filter(|&r| ids[r].is_multiple_of(2)).collect();
        // Representations with components 2 and 0 at their means over other images, or gone.
        let dense = |zero: bool, parts: &[Vec<f64>], dim: usize| -> Vec<Vec<f64>> {
            let replaced = |part: usize, r: usize, k: usize| match part {
                0 | 2 if zero => 0.0,
                0 | 2 => {
                    even.iter().map(|e| parts[part][e * dim + k]).sum::<f64>() / even.len() as f64
                }
                _ => parts[part][r * dim + k],
            };
            let row = |&r: &usize| {
                (0..dim)
                    .map(|k| (0..4).map(|p| replaced(p, r, k)).sum())
                    .collect()
            };
            rows.iter().map(row).collect()
        };
        for (zero, instead) in [(false, Instead::Means(means)), (true, Instead::Zero)] {
            let z = dense(zero, &synthetic.dense, DIM).concat();
            let found = ablated(held, &Linear::identity(held), &[2, 0], &instead);
            assert_near(&found, &z);

            let (mut second, mut sums) = (Second::empty(DIM), ClassSums::empty(3, DIM));
            for (place, row) in z.chunks_exact(DIM).enumerate() {
                second.add(row, DIM);
                sums.add(Some(place % 3), row);
            }
            let fitted = Classifier::fit(&second, &sums, Priors::Seen).expect("classes");
            let mut want = naive(&z, &fitted.weights, DIM, 3);
            want.chunks_exact_mut(3).for_each(|row| {
                row.iter_mut().zip(&fitted.bias).for_each(|(v, b)| *v += b);
            });
            let found = ablated(held, &Linear::classifier(held, &fitted), &[2, 0], &instead);
            assert_near(&found, &want);

            let (each, _) = synthetic.aligned(&alignment);
            let mut in_clip = dense(zero, &each, 7).concat();
            for row in in_clip.chunks_exact_mut(7) {
                row.iter_mut()
                    .zip(wide(&alignment.bias))
                    .for_each(|(v, b)| *v += b);
            }
            let found = ablated(held, &Linear::texts(&aligned, &texts), &[2, 0], &instead);
            assert_near(&found, &naive(&in_clip, &transposed, 7, 2));
        }
    }

    #[test]
    fn resampling_exchanges_contributions_between_images() {
        let synthetic = synthesize(60, DIM, &WIDTHS, 60, 2);
        let held = &synthetic.contributions;
        let linear = Linear::identity(held);
        let everything: Vec<usize> = (0..WIDTHS.len()).collect();
        let whole = ablated(held, &linear, &[], &Instead::Zero);
        let found = ablated(held, &linear, &everything, &Instead::Resampled(3));
        // With all components resampled, every image becomes another one, and none is lost.
        let sorted = |values: &[f32]| {
            let mut rows: Vec<Vec<i64>> = values
                .chunks_exact(DIM)
                .map(|row| row.iter().map(|v| (v * 1e3).round() as i64).collect())
                .collect();
            rows.sort();
            rows
        };
        assert_ne!(found, whole);
        let (found, whole) = (sorted(&found), sorted(&whole));
        let apart = found.iter().zip(&whole).flat_map(|(a, b)| a.iter().zip(b));
        assert!(apart.into_iter().all(|(a, b)| a.abs_diff(*b) <= 1));
    }
}
