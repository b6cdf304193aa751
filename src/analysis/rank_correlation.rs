//! Spearman's correlation over images: projections of some units at a time, as many as memory is spared for, so that ranking
//! all images costs a second reading of the rows and not the memory for all of them.

use rayon::prelude::*;

use super::error::AnalysisError;
use super::group::Group;
use super::projection::{CHUNK, Projector};
use crate::contributions::{Contributions, Keep, read_kept};
use crate::linalg::{add_scaled, dot};
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Projections that are held at a time: 256 MB.
const HELD: usize = 1 << 26;

/// By unit and axis, the correlation of the ranks of a unit's projections with those of the total's, `total` `[n, axes]`;
/// 0 where nothing varies.
///
/// # Errors
/// [`AnalysisError`] when a part cannot be read or the work is cancelled.
pub(super) fn rank_correlations(
    contributions: &dyn Contributions,
    projector: &Projector,
    units: &[Group],
    total: &[f32],
    keep: Keep<'_>,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, AnalysisError> {
    let axes = projector.directions();
    let total = ranks(total, axes);
    let at_a_time = (HELD / (axes * total.first().map_or(0, Vec::len)).max(1)).max(1);
    let batches = units.chunks(at_a_time);
    progress.start("ranks", (batches.len() * contributions.parts()) as u64);
    let mut correlations = Vec::with_capacity(units.len());
    for (batch, units) in batches.enumerate() {
        let mut held = vec![Vec::new(); units.len()];
        for part in 0..contributions.parts() {
            project(
                contributions,
                projector,
                units,
                part,
                keep,
                cancel,
                &mut held,
            )?;
            progress.advance((batch * contributions.parts() + part) as u64 + 1);
        }
        for own in held {
            cancel.check()?;
            let own = ranks(&own, axes);
            let pairs = own.par_iter().zip(&total);
            correlations.push(pairs.map(|(own, total)| correlation(own, total)).collect());
        }
    }
    progress.finish();
    Ok(correlations)
}

/// Appends the projections of a part's images, unit by unit.
fn project(
    contributions: &dyn Contributions,
    projector: &Projector,
    units: &[Group],
    part: usize,
    keep: Keep<'_>,
    cancel: &Cancel,
    held: &mut [Vec<f32>],
) -> Result<(), AnalysisError> {
    let mut which: Vec<usize> = units.iter().flat_map(|u| u.components.clone()).collect();
    which.sort_unstable();
    which.dedup();
    let rows = read_kept(contributions, part, Some(&which), keep)?;
    for start in (0..rows.len()).step_by(CHUNK) {
        cancel.check()?;
        let range = start..(start + CHUNK).min(rows.len());
        let shares = projector.project_all(&rows, &which, range.clone());
        for (unit, held) in units.iter().zip(held.iter_mut()) {
            let mut sum = vec![0.0; range.len() * projector.directions()];
            for component in &unit.components {
                let place = which.binary_search(component);
                add_scaled(&mut sum, 1.0, &shares[place.expect("it was read")]);
            }
            held.extend(sum.iter().map(|&v| v as f32));
        }
    }
    Ok(())
}

/// The centred ranks of every column of `[n, cols]` values.
fn ranks(values: &[f32], cols: usize) -> Vec<Vec<f64>> {
    let columns = (0..cols).into_par_iter();
    columns
        .map(|col| centred_ranks(values, cols, col))
        .collect()
}

/// Ranks of one column of `[n, cols]` values, ties sharing the mean of theirs, minus the mean rank.
fn centred_ranks(values: &[f32], cols: usize, col: usize) -> Vec<f64> {
    let column: Vec<f32> = values.iter().skip(col).step_by(cols).copied().collect();
    let n = column.len();
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by(|&i, &j| column[i as usize].total_cmp(&column[j as usize]));
    let mut ranks = vec![0.0; n];
    let mut start = 0;
    while start < n {
        let first = column[order[start] as usize];
        let tied = order[start..]
            .iter()
            .take_while(|&&i| column[i as usize] == first)
            .count()
            .max(1);
        let rank = (2 * start + tied - 1) as f64 / 2.0 - (n - 1) as f64 / 2.0;
        order[start..start + tied]
            .iter()
            .for_each(|&i| ranks[i as usize] = rank);
        start += tied;
    }
    ranks
}

fn correlation(own: &[f64], total: &[f64]) -> f64 {
    let spread = dot(own, own) * dot(total, total);
    if spread > 0.0 {
        dot(own, total) / spread.sqrt()
    } else {
        0.0
    }
}
