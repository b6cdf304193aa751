//! A pass over the images that ablates several choices of components, each on its own.

use super::linear::{Linear, Whole};
use super::replacement::{Instead, changes};
use crate::analysis::error::AnalysisError;
use crate::contributions::{Contributions, Keep, read_kept, read_kept_with_z, take_rows};
use crate::decompose::Rows;
use crate::work::cancel::Cancel;
use crate::work::progress::Progress;

/// Numbers that the projections of a chunk of images may take up.
const BUDGET: usize = 1 << 23;

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
    let mut which: Vec<usize> = match linear.reads {
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
        let rows = match linear.reads {
            Whole::Sum => read_kept(contributions, part, Some(&which), keep)?,
            _ => read_kept_with_z(contributions, part, Some(&which), keep)?,
        };
        for start in (0..rows.len()).step_by(size) {
            cancel.check()?;
            let chunk = slice(&rows, contributions, &which, start, size);
            let shares: Vec<Vec<f32>> = (which.iter().zip(&chunk.slabs))
                .map(|(&i, slab)| linear.share(i, slab))
                .collect();
            let whole = linear.whole(&chunk, &shares);
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
