//! Which images of a set take part in a question, and the rows of those alone.

use rayon::prelude::*;

use super::parts::{Contributions, ReadError};
use super::slab::Slab;
use crate::decompose::Rows;

/// Which images of a set take part, by their id.
pub type Keep<'a> = &'a (dyn Fn(u32) -> bool + Sync);

/// Every image takes part.
#[must_use]
pub fn every_image(_: u32) -> bool {
    true
}

/// Whether any image of a part may take part: a part of which none does need not be opened.
pub(crate) fn concerns(contributions: &dyn Contributions, part: usize, keep: Keep<'_>) -> bool {
    contributions
        .covers(part)
        .is_none_or(|mut ids| ids.any(keep))
}

/// Copies of the rows of some components (indices into `specs`; `None`: all), in that order, for the images of a part
/// that take part; without z.
pub(crate) fn read_kept(
    contributions: &dyn Contributions,
    part: usize,
    which: Option<&[usize]>,
    keep: Keep<'_>,
) -> Result<Rows, ReadError> {
    read(contributions, part, which, false, keep)
}

/// As [`read_kept`], with z.
pub(crate) fn read_kept_with_z(
    contributions: &dyn Contributions,
    part: usize,
    which: Option<&[usize]>,
    keep: Keep<'_>,
) -> Result<Rows, ReadError> {
    read(contributions, part, which, true, keep)
}

fn read(
    contributions: &dyn Contributions,
    part: usize,
    which: Option<&[usize]>,
    with_z: bool,
    keep: Keep<'_>,
) -> Result<Rows, ReadError> {
    let specs = contributions.specs();
    let which: Vec<usize> = which.map_or_else(|| (0..specs.len()).collect(), <[usize]>::to_vec);
    let mut rows = Rows {
        slabs: vec![Vec::new(); which.len()],
        ..Rows::default()
    };
    if !concerns(contributions, part, keep) {
        return Ok(rows);
    }
    let ids = contributions.ids(part)?;
    let kept: Vec<usize> = (0..ids.len()).filter(|&r| keep(ids[r])).collect();
    let copied = |values: Slab<'_>, width: usize| match kept.len() == ids.len() {
        true => values.single().into_owned(),
        false => values.take_rows(width, &kept),
    };
    rows.ids = kept.iter().map(|&r| ids[r]).collect();
    if kept.is_empty() {
        return Ok(rows);
    }
    if with_z {
        rows.z = copied(Slab::Single(&contributions.z(part)?), contributions.dim());
    }
    rows.slabs = (which.par_iter())
        .map(|&i| Ok(copied(contributions.slab(part, i)?, specs[i].width)))
        .collect::<Result<_, ReadError>>()?;
    Ok(rows)
}
