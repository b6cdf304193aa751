//! What alignment and analysis read: the pooled rows of an image set, part by part, and the map of every component.
//!
//! The store implements [`Contributions`] over its files; [`InMemory`] holds everything and serves tests and library
//! users who made their rows themselves. Whoever reads holds one part at a time, so memory does not grow with the set.

#[cfg(test)]
pub(crate) mod planted;

use std::borrow::Cow;
use std::error::Error;
use std::ops::Range;
use std::sync::Arc;

use half::f16;
use rayon::prelude::*;

use crate::decompose::{RowSpec, Rows};
use crate::kernels::{add_projections, widened};

/// Factored contributions of an image set: contribution of component `i` = its row `[d_i]` · its map `[d_i, Dz]`.
///
/// A part is a table whose columns are read one by one, where they lie: a question about three heads touches three
/// columns.
pub trait Contributions: Sync {
    /// The components and the widths of their rows.
    fn specs(&self) -> &[RowSpec];
    /// The map of component `component`, `[d_i, Dz]`, row-major.
    fn map(&self, component: usize) -> &[f32];
    /// Width of the representation z, `Dz`.
    fn dim(&self) -> usize;
    /// How many parts the set comes in; each has some hundreds to some thousands of images.
    fn parts(&self) -> usize;
    /// The ids of a part's images, ascending.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError>;
    /// The representations of a part's images, `[n, Dz]`.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError>;
    /// The rows of one component for a part's images, `[n, d_i]`.
    ///
    /// # Errors
    /// [`ReadError`] when the part cannot be read.
    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError>;
    /// The ids among which a part's are, where that is known without reading it.
    fn covers(&self, part: usize) -> Option<Range<u32>> {
        let _ = part;
        None
    }
}

impl<C: Contributions + Send + Sync> Contributions for Arc<C> {
    fn specs(&self) -> &[RowSpec] {
        (**self).specs()
    }

    fn map(&self, component: usize) -> &[f32] {
        (**self).map(component)
    }

    fn dim(&self) -> usize {
        (**self).dim()
    }

    fn parts(&self) -> usize {
        (**self).parts()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        (**self).ids(part)
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        (**self).z(part)
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        (**self).slab(part, component)
    }

    fn covers(&self, part: usize) -> Option<Range<u32>> {
        (**self).covers(part)
    }
}

/// The rows of one component, row-major, where they lie and as they are kept.
#[derive(Clone, Copy, Debug)]
pub enum Slab<'a> {
    /// In single precision.
    Single(&'a [f32]),
    /// In half precision.
    Half(&'a [f16]),
}

impl<'a> Slab<'a> {
    /// How many numbers they are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Single(rows) => rows.len(),
            Self::Half(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In single precision: halves are copied.
    #[must_use]
    pub fn single(self) -> Cow<'a, [f32]> {
        match self {
            Self::Single(rows) => Cow::Borrowed(rows),
            Self::Half(rows) => Cow::Owned(widened(rows)),
        }
    }

    /// A copy of the chosen rows of `width` numbers each, in single precision.
    #[must_use]
    pub fn take_rows(self, width: usize, rows: &[usize]) -> Vec<f32> {
        match self {
            Self::Single(values) => take_rows(values, width, rows),
            Self::Half(values) => widened(&take_rows(values, width, rows)),
        }
    }

    /// Adds to each image's sum the scalar product of its row with `along` `[d]`, in f64.
    ///
    /// # Panics
    /// When there is not a row for every sum.
    pub fn add_products(self, along: &[f64], sums: &mut [f64]) {
        match self {
            Self::Single(rows) => add_projections(rows, along, 1, sums),
            Self::Half(rows) => add_projections(rows, along, 1, sums),
        }
    }
}

/// A part that could not be read, for the reason its source gives.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReadError(#[from] pub Box<dyn Error + Send + Sync>);

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

/// The chosen rows of a row-major matrix with `width` columns.
pub(crate) fn take_rows<T: Copy>(matrix: &[T], width: usize, rows: &[usize]) -> Vec<T> {
    let mut taken = Vec::with_capacity(rows.len() * width);
    for &row in rows {
        taken.extend_from_slice(&matrix[row * width..(row + 1) * width]);
    }
    taken
}

/// Contributions that are already in memory.
#[derive(Clone, Debug)]
pub struct InMemory {
    specs: Vec<RowSpec>,
    maps: Vec<Vec<f32>>,
    dim: usize,
    parts: Vec<Rows>,
}

/// Rows, maps and components that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Not one map per component.
    #[error("{maps} maps were given for {components} components; give one map per component")]
    MapCount {
        /// Maps given.
        maps: usize,
        /// Components given.
        components: usize,
    },
    /// A map of the wrong size.
    #[error("the map of {component} has {got} numbers; its shape [{width}, {dim}] needs {}", width * dim)]
    Map {
        /// The component.
        component: String,
        /// Width of its rows.
        width: usize,
        /// Width of the representation.
        dim: usize,
        /// Numbers given.
        got: usize,
    },
    /// A part whose slabs, ids and z disagree.
    #[error("part {part}: {what} has {got} numbers; {images} images need {expected}")]
    Part {
        /// The part.
        part: usize,
        /// z, or the slab of a component.
        what: String,
        /// Images of the part.
        images: usize,
        /// Numbers given.
        got: usize,
        /// Numbers needed.
        expected: usize,
    },
    /// A part without one slab per component.
    #[error("part {part} holds {got} slabs for {expected} components; give one slab per component")]
    SlabCount {
        /// The part.
        part: usize,
        /// Slabs given.
        got: usize,
        /// Slabs needed.
        expected: usize,
    },
}

impl InMemory {
    /// Components, their maps (`[d_i, dim]` each) and the parts' rows.
    ///
    /// # Errors
    /// [`ShapeError`] when the shapes disagree.
    pub fn new(
        specs: Vec<RowSpec>,
        maps: Vec<Vec<f32>>,
        dim: usize,
        parts: Vec<Rows>,
    ) -> Result<Self, ShapeError> {
        if maps.len() != specs.len() {
            return Err(ShapeError::MapCount {
                maps: maps.len(),
                components: specs.len(),
            });
        }
        for (spec, map) in specs.iter().zip(&maps) {
            if map.len() != spec.width * dim {
                return Err(ShapeError::Map {
                    component: spec.component.to_string(),
                    width: spec.width,
                    dim,
                    got: map.len(),
                });
            }
        }
        for (part, rows) in parts.iter().enumerate() {
            check_part(part, rows, &specs, dim)?;
        }
        Ok(Self {
            specs,
            maps,
            dim,
            parts,
        })
    }
}

fn check_part(part: usize, rows: &Rows, specs: &[RowSpec], dim: usize) -> Result<(), ShapeError> {
    if rows.slabs.len() != specs.len() {
        return Err(ShapeError::SlabCount {
            part,
            got: rows.slabs.len(),
            expected: specs.len(),
        });
    }
    let slabs = rows.slabs.iter().zip(specs);
    let sizes = slabs.map(|(slab, spec)| (spec.component.to_string(), slab.len(), spec.width));
    for (what, got, width) in std::iter::once(("z".to_owned(), rows.z.len(), dim)).chain(sizes) {
        if got != rows.len() * width {
            return Err(ShapeError::Part {
                part,
                what,
                images: rows.len(),
                got,
                expected: rows.len() * width,
            });
        }
    }
    Ok(())
}

impl Contributions for InMemory {
    fn specs(&self) -> &[RowSpec] {
        &self.specs
    }

    fn map(&self, component: usize) -> &[f32] {
        &self.maps[component]
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn parts(&self) -> usize {
        self.parts.len()
    }

    fn ids(&self, part: usize) -> Result<Cow<'_, [u32]>, ReadError> {
        Ok(Cow::Borrowed(&self.parts[part].ids))
    }

    fn z(&self, part: usize) -> Result<Cow<'_, [f32]>, ReadError> {
        Ok(Cow::Borrowed(&self.parts[part].z))
    }

    fn slab(&self, part: usize, component: usize) -> Result<Slab<'_>, ReadError> {
        Ok(Slab::Single(&self.parts[part].slabs[component]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decompose::Component;

    #[test]
    fn filter_drops_whole_images_and_selection_orders_slabs() {
        let specs = vec![
            RowSpec {
                component: Component::head(0, 0),
                width: 2,
            },
            RowSpec {
                component: Component::bias(),
                width: 1,
            },
        ];
        let rows = Rows {
            ids: vec![4, 7, 9],
            z: vec![1., 2., 3.],
            slabs: vec![vec![10., 11., 20., 21., 30., 31.], vec![1., 2., 3.]],
        };
        let held = InMemory::new(specs.clone(), vec![vec![0.; 2], vec![0.]], 1, vec![rows])
            .expect("shapes agree");
        let kept = read_kept_with_z(&held, 0, Some(&[1, 0]), &|id| id != 7).expect("in memory");
        assert_eq!(kept.ids, [4, 9]);
        assert_eq!(kept.z, [1., 3.]);
        assert_eq!(kept.slabs, [vec![1., 3.], vec![10., 11., 30., 31.]]);

        let short = InMemory::new(specs, vec![vec![0.; 2], vec![]], 1, vec![]);
        let said = short.expect_err("a map is missing numbers").to_string();
        assert_eq!(
            said,
            "the map of bias has 0 numbers; its shape [1, 1] needs 1"
        );
    }
}
