//! Contributions in memory, for rows that were made elsewhere than in the store.

use std::borrow::Cow;

use super::parts::{Contributions, ReadError};
use super::slab::Slab;
use crate::decompose::{RowSpec, Rows};

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
    use crate::contributions::read_kept_with_z;
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
