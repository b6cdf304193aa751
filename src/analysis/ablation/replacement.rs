//! What stands in for the contributions that an ablation takes away.

use rayon::prelude::*;

use super::linear::Linear;
use crate::align::Random;
use crate::analysis::error::AnalysisError;
use crate::contributions::{Contributions, Keep, read_kept, take_rows};
use crate::decompose::Rows;
use crate::linalg::narrow;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

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

/// What every component's replacement changes, `[n, width]` each; nothing for those that none ever has, as `replaced` says.
pub(super) fn changes(
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
